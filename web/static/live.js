// What a screen gains by the live feed: rows and parts that come and change, and a word on how
// it hears of them. Loaded where there is a feed.

import { all, button, byID, clock, dress, element, fetched, find, icon, label, localise, on, parsed, reload, rows, say } from './page.js';

const { feed: feedURL, version, started } = document.body.dataset;
const maxRows = 200;

// --- Failures, said aloud and counted in the title ---

let unsaid = 0; // failures since something was said
let lastSaid = 0;
const reasons = new Set();

function sayFailures() {
  if (!unsaid || Date.now() - lastSaid < 10000) return;
  say(`${unsaid} new, failed: ${[...reasons].slice(-3).join('; ')}.`);
  [unsaid, lastSaid] = [0, Date.now()];
  reasons.clear();
}

const { title } = document;
let unseen = 0; // failures since the page was looked at
function countUnseen(n) {
  unseen = document.hasFocus() ? 0 : unseen + n;
  document.title = unseen ? `(${unseen}) ${title}` : title;
}
on(window, 'focus', () => countUnseen(0));

// --- Rows: drawn once a frame, and never under a reader's pointer or focus ---

const due = new Map(); // rows to draw, by ID; null: one that goes
const waiting = new Map(); // rows that would move what is being read
const fresh = { all: 0, failed: 0, undrawn: 0 }; // attempts that wait, or were never drawn
let frame = 0, paused = false, pointed = false, pause, news, left;

function busy() {
  return paused || pointed || rows.contains(document.activeElement) || rows.getBoundingClientRect().top < 0;
}

function place(id, row) {
  const old = byID('a-' + id);
  if (!row) return old?.remove();
  if (old) {
    row.classList.toggle('new', old.classList.contains('new'));
    return old.replaceWith(row);
  }
  row.classList.add('new');
  setTimeout(() => row.classList.remove('new'), 8000);
  // IDs are ordered by time, and the newest row stands first.
  rows.insertBefore(row, [...rows.children].find((r) => r.id < row.id) ?? null);
}

function draw() {
  frame = 0;
  for (const [id, row] of due) place(id, row);
  due.clear();
  while (rows.children.length > maxRows) rows.lastElementChild.remove();
}

function showWaiting() {
  for (const [id, row] of waiting) due.set(id, row);
  waiting.clear();
  fresh.all = fresh.failed = 0;
  if (document.activeElement === news) pause.focus(); // the pill goes, and the focus stays near
  draw();
  showPill();
}

function showPill() {
  news.hidden = !fresh.all;
  news.firstChild.textContent = `${fresh.all} new` + (fresh.failed ? `, ${fresh.failed} of them failed` : '');
  left.hidden = !fresh.undrawn;
  left.firstChild.textContent = `${fresh.undrawn} of a burst not drawn: reload`;
}

const attemptsIn = (row) => (row ? +(row.dataset.times ?? 1) : 0);

function takeRows(list) {
  let failures = 0;
  const still = busy();
  for (const { id, html } of list) {
    const row = html ? parsed(html).firstElementChild : null, known = byID('a-' + id);
    const more = Math.max(0, attemptsIn(row) - attemptsIn(waiting.get(id) ?? due.get(id) ?? known));
    const failed = row && 'failed' in row.dataset ? more : 0;
    if (row) localise(row);
    if (failed) reasons.add(find('.why a', row).textContent);
    failures += failed;
    // A row that only changes moves nothing, unless it is the one that is being used.
    const waits = row && known ? known.contains(document.activeElement) || known.matches(':hover') : still;
    due.delete(id);
    waiting.delete(id);
    (waits ? waiting : due).set(id, row);
    if (waits) {
      fresh.all += more;
      fresh.failed += failed;
    }
  }
  for (const kept of [waiting, due]) { // a hidden page draws nothing
    for (const id of [...kept.keys()].sort().slice(0, -maxRows)) kept.delete(id);
  }
  frame ||= requestAnimationFrame(draw);
  showPill();
  unsaid += failures;
  countUnseen(failures);
}

// --- Parts of a page that change as a whole ---

const held = {}; // parts that are being used, or would move what is, by ID

function takeParts(parts) {
  if (rows && parts.says) {
    find('.empty')?.remove();
    byID('filled').hidden = false;
  }
  for (const [id, html] of Object.entries(parts)) {
    const part = byID(id);
    if (!part) continue;
    delete held[id];
    if (part.contains(document.activeElement) || part.matches(':active') || rows && id === 'says' && busy()) {
      held[id] = html;
      continue;
    }
    const answer = () => find('h1', part)?.textContent, said = answer();
    part.innerHTML = html;
    dress(part);
    if (id === 'verdict' && answer() !== said) say(answer());
  }
}

function release() {
  if (rows && waiting.size && !busy()) showWaiting();
  takeParts(held);
}
for (const event of ['focusout', 'pointerup', 'scroll']) on(window, event, () => setTimeout(release));

// How far the reader's clock is ahead of the server's, in milliseconds.
const ahead = Date.now() - new Date(find('#feed time').dateTime);

// countOn writes how long sessions have been open, in the server's words.
function countOn() {
  for (const e of all('[data-since]')) {
    const s = Math.max(0, Date.now() - ahead - new Date(e.dataset.since)) / 1000 | 0, m = s / 60 | 0;
    e.textContent = m < 1 ? `${s} s` : m < 60 ? `${m} min ${s % 60} s` : `${m / 60 | 0} h ${m % 60} min`;
  }
}

if (rows) {
  on(rows, 'pointerenter', () => { pointed = true; });
  on(rows, 'pointerleave', () => { pointed = false; release(); });

  const named = () => label(pause, ...(paused ? ['play', 'Resume'] : ['pause', 'Pause']));
  pause = button('p', () => {
    paused = !paused;
    named();
    release();
  });
  pause.id = 'pause';
  named();
  news = button('.', showWaiting);
  left = button('', reload);
  byID('pill').append(news, left);
  byID('pill').before(pause);
  showPill();
}

// --- The feed: events while they come, else a look every 5 seconds, else a word that it ended ---

let source, poller, deadline, failedPolls = 0, lastWord = new Date(), connected = false;

function setState(state, word, rest) {
  const feed = byID('feed');
  if (feed.dataset.state === state) return;
  feed.dataset.state = state;
  find('b', feed).textContent = word;
  feed.lastElementChild.textContent = rest;
}

// notice shows a banner, in the place of the one of that name; without a kind it goes.
function notice(name, kind, bold, text, action = 'Reload', then = reload) {
  byID(name)?.remove();
  if (!kind) return;
  const words = element('p', kind === 'bad' ? { role: 'alert' } : {}, element('b', {}, bold), ' ' + text);
  byID('notices').append(element('div', { id: name, class: 'notice ' + kind },
    icon(kind === 'bad' ? 'rejected' : 'warning'), words, button('', then, action)));
}

function stop() {
  source?.close();
  clearInterval(poller);
  clearTimeout(deadline);
  source = poller = undefined;
}

// isAlive compares the server with the one that this page came from. After an upgrade the page
// loads itself anew, once: nothing else may ask for it meanwhile.
function isAlive(its) {
  lastWord = new Date();
  if (its.version !== version) {
    stop();
    reload();
    return false;
  }
  if (its.started !== started) {
    notice('restarted', 'warn', `wsinspect was restarted at ${clock(new Date(its.started))}.`, 'Attempts before it are gone.');
  }
  return true;
}

function listen() {
  stop();
  source = new EventSource(feedURL);
  deadline = setTimeout(startPolling, 5000, 'A hop holds back the live feed', 'The cure, in the location that serves /inspect: proxy_buffering off;');
  on(source, 'hello', (e) => {
    clearTimeout(deadline);
    source.lost = false;
    if (!isAlive(JSON.parse(e.data))) return;
    notice('lost');
    setState('live', 'Live', 'by SSE');
    if (connected) look().catch(() => {}); // what came while nobody listened
    connected = true;
  });
  on(source, 'update', (e) => {
    lastWord = new Date();
    const { rows: list = [], parts = {}, undrawn = 0 } = JSON.parse(e.data);
    if (rows) {
      fresh.undrawn += undrawn;
      takeRows(list);
    }
    takeParts(parts);
  });
  on(source, 'missed', (e) => {
    notice('missed', 'warn', `${e.data} events were missed here; reload to see them.`, '');
  });
  on(source, 'error', async () => {
    if (source?.lost) return; // the browser tries again every few seconds, and each time it says so
    clearTimeout(deadline);
    if (source?.readyState !== EventSource.CLOSED) {
      source.lost = true;
      deadline = setTimeout(startPolling, 5000, 'The live feed was lost');
      return;
    }
    const refusal = await fetch(feedURL, { method: 'HEAD' }).catch(() => {});
    startPolling(refusal?.status === 503 ? 'Too many pages watch the live feed' : 'The live feed was refused');
  });
}

function startPolling(why, cure = '') {
  stop();
  failedPolls = 0;
  setState('polling', 'Polling', 'every 5 s');
  notice('lost', 'warn', why + ', so this page asks every 5 s instead.', 'Nothing is lost, it is only later. ' + cure, 'Try live again', listen);
  poller = setInterval(poll, 5000);
  poll();
}

async function poll() {
  try {
    await look();
    failedPolls = 0;
  } catch {
    if (++failedPolls < 2) return;
    stop();
    setState('offline', 'Offline', 'since ' + clock(lastWord));
    notice('lost', 'bad', 'The live feed has stopped, and so has polling.',
      `Last word at ${clock(lastWord)}. What you see is true up to then.`, 'Try again now', listen);
  }
}

// look asks for this page anew and takes over what has changed.
async function look() {
  const page = await fetched(location.href);
  if (!isAlive(page.body.dataset)) return;
  if (rows) takeRows(all('#rows > tr', page).map((r) => ({ id: r.id.slice(2), html: r.outerHTML })));
  const parts = {};
  for (const part of all('[data-live]', page)) {
    if (!part.closest('[hidden]')) parts[part.id] = part.innerHTML;
  }
  takeParts(parts);
}

// A browser allows six connections to one server: a hidden tab lets go of its own. A list
// asks now and then instead, for the count in its title.
const attend = () => {
  if (!document.hidden) return listen();
  stop();
  if (rows) poller = setInterval(poll, 5000);
};
attend();
setInterval(() => { sayFailures(); countOn(); }, 1000);
on(document, 'visibilitychange', attend);
on(window, 'pagehide', stop);
on(window, 'pageshow', (e) => { if (e.persisted) listen(); });

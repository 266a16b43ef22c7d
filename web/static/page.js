// What a page without script cannot do: live rows, copying, the reader's own time zone.
// The server renders and escapes every piece of HTML; this file only puts it in place.

const { feed: feedURL, version, started, icons } = document.body.dataset;
const maxRows = 200;
const byID = (id) => document.getElementById(id);
const rows = byID('rows');

// --- Small things ---

function element(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  e.append(...children);
  return e;
}

function icon(name) {
  const t = document.createElement('template');
  t.innerHTML = `<svg class="icon ${name}" width="16" height="16" aria-hidden="true"><use href="${icons}#${name}"/></svg>`;
  return t.content;
}

function clock(date) {
  return date.toTimeString().slice(0, 8);
}

// localise turns the server's times into the reader's time zone.
function localise(root) {
  for (const t of root.querySelectorAll('time[datetime]')) {
    const date = new Date(t.dateTime);
    if (isNaN(date)) continue;
    t.textContent = clock(date) + (t.hasAttribute('data-exact') ? '.' + String(date.getMilliseconds()).padStart(3, '0') : '');
    t.title = date.toString();
  }
}

// --- Copying ---

function textOf(target) {
  const copy = target.cloneNode(true);
  for (const ours of copy.querySelectorAll('.letter, .tag, .offset, .caption, .last, .ascii')) ours.remove();
  const lines = copy.querySelectorAll('.line');
  return lines.length ? Array.from(lines, (l) => l.textContent.trim()).join('\n') : copy.textContent;
}

function addCopy(root) {
  for (const target of root.querySelectorAll('[data-copy]:not(.copying)')) {
    target.classList.add('copying');
    const button = element('button', { type: 'button' }, icon('copy'), 'Copy');
    const heading = target.parentElement.querySelector(':scope > .heading');
    if (heading) heading.append(button);
    else target.after(button);
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(textOf(target));
        button.replaceChildren(icon('tick'), 'Copied');
        say('Copied.');
      } catch {
        getSelection().selectAllChildren(target);
        button.replaceChildren('Select and press Ctrl-C');
      }
      setTimeout(() => button.replaceChildren(icon('copy'), 'Copy'), 2000);
    });
  }
}

// --- What is said aloud ---

const voice = element('p', { class: 'unseen', role: 'status' });
document.querySelector('main')?.append(voice);
const say = (text) => { voice.textContent = text; };

let unsaid = 0; // failures since something was said
let lastSaid = 0;
function sayFailures() {
  if (!unsaid || Date.now() - lastSaid < 10000) return;
  say(unsaid === 1 ? '1 new attempt failed.' : `${unsaid} new attempts failed.`);
  [unsaid, lastSaid] = [0, Date.now()];
}

const title = document.title;
let unseen = 0; // failures since the page was looked at
function countUnseen(n) {
  unseen = document.hasFocus() ? 0 : unseen + n;
  document.title = unseen ? `(${unseen}) ${title}` : title;
}
addEventListener('focus', () => countUnseen(0));

// --- Rows ---

const waiting = new Map(); // rows that would move what is being read, by ID
let paused = false;
let pointed = false;

function busy() {
  return paused || pointed || rows.contains(document.activeElement) || rows.getBoundingClientRect().top < 0;
}

function place({ id, html }) {
  const old = byID('a-' + id);
  if (!html) return old?.remove();
  const t = document.createElement('template');
  t.innerHTML = html;
  const row = t.content.firstElementChild;
  localise(row);
  if (old) {
    if (old.classList.contains('new')) row.classList.add('new');
    old.replaceWith(row);
    return;
  }
  row.classList.add('new');
  setTimeout(() => row.classList.remove('new'), 8000);
  // IDs are ordered by time, and the newest row stands first.
  const after = Array.from(rows.children).find((r) => r.dataset.id < id);
  rows.insertBefore(row, after ?? null);
  while (rows.children.length > maxRows) rows.lastElementChild.remove();
}

function showWaiting() {
  for (const each of waiting.values()) place(each);
  waiting.clear();
  showPill();
}

function showPill() {
  const pill = byID('pill');
  const fresh = Array.from(waiting.values()).filter((r) => r.html && !byID('a-' + r.id));
  pill.hidden = fresh.length === 0;
  if (pill.hidden) return pill.replaceChildren();
  const failed = fresh.filter((r) => r.failed).length;
  const button = pill.firstChild ?? element('button', { type: 'button' });
  button.textContent = `${fresh.length} new` + (failed ? `, ${failed} of them failed` : '');
  button.onclick = showWaiting;
  if (!pill.firstChild) pill.append(button);
}

function takeRows(list) {
  let failures = 0;
  for (const each of list) {
    const { id, html, failed = 0 } = each;
    const known = byID('a-' + id);
    if (!known && !html && !waiting.has(id)) continue;
    failures += Math.max(0, failed - (waiting.get(id)?.failed ?? Number(known?.dataset.failed ?? 0)));
    // A row that only changes moves nothing, unless it is the one that is being used.
    if (known && html ? known.contains(document.activeElement) || known.matches(':active') : busy()) waiting.set(id, each);
    else place(each);
  }
  for (const [id, each] of waiting) if (!each.html && !byID('a-' + id)) waiting.delete(id);
  showPill();
  unsaid += failures;
  countUnseen(failures);
}

// reveal shows the list on a page that was empty.
function reveal() {
  document.querySelector('.empty')?.remove();
  byID('filled').hidden = false;
}

const held = new Map(); // parts that are being used, by ID

function takeParts(parts) {
  if (parts.overview) reveal();
  for (const [id, html] of Object.entries(parts)) {
    const part = byID(id);
    if (!part) continue;
    held.delete(id);
    if (part.contains(document.activeElement) || part.matches(':active')) {
      held.set(id, html);
      continue;
    }
    const before = part.querySelector('h1')?.textContent;
    part.innerHTML = html;
    localise(part);
    addCopy(part);
    const now = part.querySelector('h1')?.textContent;
    if (id === 'verdict' && now !== before) say(now);
  }
}

for (const event of ['focusout', 'pointerup']) {
  addEventListener(event, () => setTimeout(() => takeParts(Object.fromEntries(held))));
}

// lasted writes a time as the server does.
function lasted(seconds) {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// How far the reader's clock is ahead of the server's, in milliseconds.
const ahead = Date.now() - new Date(document.querySelector('#feed time')?.dateTime ?? Date.now());

function countOn() {
  for (const since of document.querySelectorAll('[data-since]')) {
    since.textContent = lasted(Math.max(0, Math.floor((Date.now() - ahead - new Date(since.dataset.since)) / 1000)));
  }
}

if (rows) {
  rows.addEventListener('pointerenter', () => { pointed = true; });
  rows.addEventListener('pointerleave', () => { pointed = false; if (!busy()) showWaiting(); });
  rows.addEventListener('focusout', () => setTimeout(() => { if (!busy()) showWaiting(); }));
  addEventListener('scroll', () => { if (waiting.size && !busy()) showWaiting(); }, { passive: true });

  const pause = element('button', { type: 'button', id: 'pause' }, icon('pause'), 'Pause');
  pause.addEventListener('click', () => {
    paused = !paused;
    pause.replaceChildren(icon(paused ? 'play' : 'pause'), paused ? 'Resume' : 'Pause');
    if (!paused) showWaiting();
  });
  document.querySelector('.toolbar').append(pause);
}

// --- The feed: events while they come, else a look every 5 seconds, else a word that it ended ---

let source, poller, deadline, failedPolls = 0, lastWord = new Date(), connected = false;

function setState(state, word, rest) {
  const feed = byID('feed');
  if (feed.dataset.state === state) return;
  feed.dataset.state = state;
  feed.querySelector('b').textContent = word;
  feed.lastElementChild.textContent = rest;
}

function notice(kind, name, bold, text, action, then) {
  byID('live-notice')?.remove();
  if (!kind) return;
  const words = element('p', kind === 'bad' ? { role: 'alert' } : {}, element('b', {}, bold), text);
  const button = element('button', { type: 'button', class: 'button' }, action);
  button.addEventListener('click', then);
  byID('notices').append(element('div', { id: 'live-notice', class: 'notice ' + kind }, icon(name), words, button));
}

function stop() {
  source?.close();
  clearInterval(poller);
  clearTimeout(deadline);
  source = poller = undefined;
}

function listen() {
  stop();
  source = new EventSource(feedURL);
  deadline = setTimeout(() => startPolling('A hop holds back the live feed, so this page asks every 5 s instead.'), 5000);
  source.addEventListener('hello', (e) => {
    clearTimeout(deadline);
    const is = JSON.parse(e.data);
    if (is.version !== version) return location.reload();
    notice();
    setState('live', 'Live', 'by SSE');
    if (is.started !== started) {
      notice('warn', 'warning', `wsinspect was restarted at ${clock(new Date(is.started))}.`, 'Attempts before it are gone.', 'Reload', () => location.reload());
    } else if (connected) {
      look().catch(() => {}); // what came while nobody listened
    }
    connected = true;
    lastWord = new Date();
  });
  source.addEventListener('update', (e) => {
    lastWord = new Date();
    const { rows: list, parts } = JSON.parse(e.data);
    if (list) takeRows(list);
    if (parts) takeParts(parts);
  });
  source.addEventListener('missed', (e) => {
    notice('warn', 'warning', `${e.data} events were missed here; reload to see them.`, '', 'Reload', () => location.reload());
  });
  source.addEventListener('error', async () => {
    clearTimeout(deadline);
    if (source?.readyState !== EventSource.CLOSED) {
      deadline = setTimeout(() => startPolling('The live feed was lost, so this page asks every 5 s instead.'), 5000);
      return;
    }
    const refusal = await fetch(feedURL, { method: 'HEAD' }).catch(() => null);
    startPolling(refusal?.status === 503
      ? 'Too many pages watch the live feed, so this page asks every 5 s instead.'
      : 'The live feed was refused, so this page asks every 5 s instead.');
  });
}

function startPolling(why) {
  stop();
  failedPolls = 0;
  setState('polling', 'Polling', 'every 5 s');
  notice('warn', 'warning', why, 'Nothing is lost, it is only later.', 'Try live again', listen);
  poller = setInterval(poll, 5000);
  poll();
}

async function poll() {
  try {
    await look();
    failedPolls = 0;
    lastWord = new Date();
  } catch {
    if (++failedPolls < 2) return;
    stop();
    setState('offline', 'Offline', 'since ' + clock(lastWord));
    notice('bad', 'rejected', 'The live feed has stopped, and so has polling.',
      `Last word at ${clock(lastWord)}. What you see is true up to then.`, 'Try again now', listen);
  }
}

// look asks for this page anew and takes over what has changed.
async function look() {
  const answer = await fetch(location.pathname + location.search, { headers: { Accept: 'text/html' }, cache: 'no-store' });
  if (answer.status === 401) return location.reload();
  if (!answer.ok) throw new Error(answer.statusText);
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  if (fresh.body.dataset.version !== version) return location.reload();
  if (rows) {
    const list = Array.from(fresh.querySelectorAll('#rows > tr'), (r) => ({ id: r.dataset.id, html: r.outerHTML, failed: Number(r.dataset.failed ?? 0) }));
    if (list.length) takeRows(list.reverse());
  }
  const parts = {};
  for (const id of ['overview', 'chips', 'matched', 'verdict', 'session', 'answer', 'rail']) {
    const part = fresh.getElementById(id);
    if (part && !part.closest('[hidden]')) parts[id] = part.innerHTML;
  }
  takeParts(parts);
}

if (feedURL) {
  if (!document.hidden) listen();
  setInterval(() => { sayFailures(); countOn(); }, 1000);
  // A browser allows six connections to one server: a hidden tab lets go of its own.
  document.addEventListener('visibilitychange', () => { if (document.hidden) stop(); else listen(); });
  addEventListener('pagehide', stop);
  addEventListener('pageshow', (e) => { if (e.persisted) listen(); });
}

// --- Sign-in: the token rides behind the '#' of the printed address ---

const form = byID('signin');
if (form && location.hash.startsWith('#token=')) {
  byID('token').value = decodeURIComponent(location.hash.slice('#token='.length).replaceAll('+', ' '));
  history.replaceState(null, '', location.pathname + location.search);
  form.submit();
} else if (location.hash.startsWith('#token=')) {
  history.replaceState(null, '', location.pathname + location.search);
}

localise(document);
addCopy(document);

// What a page without script cannot do: live rows, copying, keys, the reader's own time zone.
// The server renders and escapes every piece of HTML; this file only puts it in place.

const { feed: feedURL, version, started, icons } = document.body.dataset;
const maxRows = 200;
const byID = (id) => document.getElementById(id);
const find = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (target, ...rest) => target.addEventListener(...rest);
const rows = byID('rows');

// --- Small things ---

function element(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  e.append(...children);
  return e;
}

function parsed(html) {
  const t = document.createElement('template');
  t.innerHTML = html;
  return t.content;
}

const icon = (name) => parsed(`<svg class="icon ${name}" width="16" height="16" aria-hidden="true"><use href="${icons}#${name}"/></svg>`);

// button makes a button, and names the key that presses it, if any.
function button(key, then, text = '') {
  const b = element('button', { type: 'button', class: 'button' }, element('span', {}, text));
  if (key) b.dataset.key = key;
  on(b, 'click', then);
  return b;
}

const label = (b, name, text) => find('span', b).replaceChildren(icon(name), text);

async function fetched(address) {
  const answer = await fetch(address, { headers: { Accept: 'text/html' }, cache: 'no-store' });
  if (answer.status === 401) reload();
  if (!answer.ok) throw new Error(answer.statusText);
  return new DOMParser().parseFromString(await answer.text(), 'text/html');
}

const reload = () => location.reload();
const clock = (date) => date.toTimeString().slice(0, 8);

// localise turns the server's times into the reader's time zone.
function localise(root) {
  for (const t of all('time[datetime]', root)) {
    const date = new Date(t.dateTime);
    if (isNaN(date)) continue;
    const { exact, minute } = t.dataset;
    t.textContent = clock(date).slice(0, minute === '' ? 5 : 8) + (exact === '' ? '.' + String(date.getMilliseconds()).padStart(3, '0') : '');
    t.title = date.toString();
  }
}

// dress makes HTML of the server's ready for a reader with script.
function dress(root) {
  localise(root);
  addCopy(root);
  addHints(root);
}

// --- Copying ---

function textOf(target) {
  const copy = target.cloneNode(true);
  for (const ours of all('.letter, .tag, .offset, .caption, .last, .ascii', copy)) ours.remove();
  const lines = all('.line', copy);
  return lines.length ? Array.from(lines, (l) => l.textContent.trim()).join('\n') : copy.textContent;
}

// addCopy puts a button beside what can be copied. A key that presses it is named in data-copy.
function addCopy(root) {
  for (const target of all('[data-copy]:not(.copying)', root)) {
    target.classList.add('copying');
    const b = button(target.dataset.copy, async () => {
      try {
        await navigator.clipboard.writeText(textOf(target));
        label(b, 'tick', 'Copied');
        say('Copied.');
      } catch {
        getSelection().selectAllChildren(target);
        label(b, 'copy', 'Select and press Ctrl-C');
      }
      setTimeout(label, 2000, b, 'copy', 'Copy');
    });
    label(b, 'copy', 'Copy');
    const heading = find(':scope > .heading', target.parentElement);
    if (heading) heading.append(b);
    else target.after(b);
  }
}

// --- Keys: each presses the control that carries it ---

const keysOff = () => localStorage.getItem('wsinspect-keys') === 'off';
let prefix = ''; // "g " after g

function addHints(root) {
  for (const e of all('[data-key]', root)) {
    const { key } = e.dataset;
    if (key.length > 1 || e.ariaKeyShortcuts) continue;
    e.ariaKeyShortcuts = key;
    if (e.textContent !== key) e[e.matches('input') ? 'after' : 'append'](element('kbd', { 'aria-hidden': true }, key));
  }
}

function step(by) {
  const links = all(rows ? '#rows .why a' : '.rail a');
  const here = document.activeElement.closest('tr')?.querySelector('.why a') ?? document.activeElement;
  const at = links.indexOf(here);
  links[at < 0 ? 0 : at + by]?.focus();
}

function control(key) {
  const found = all('[data-key]').find((e) => e.dataset.key === key && e.checkVisibility());
  return found ?? (key === 'Escape' && !rows ? control('g a') : undefined);
}

on(window, 'keydown', (e) => {
  if (e.ctrlKey || e.altKey || e.metaKey || e.isComposing || keysOff() || find('dialog[open]')) return;
  if (e.target.closest('input:not([type=checkbox]), textarea, select')) {
    if (e.key === 'Escape') e.target.blur();
    return;
  }
  const key = prefix + e.key;
  prefix = e.key === 'g' ? 'g ' : '';
  if (key === 'j' || key === 'k') return step(key === 'j' ? 1 : -1);
  const pressed = control(key);
  if (pressed) {
    e.preventDefault();
    pressed[pressed.matches('input') ? 'focus' : 'click']();
  } else if (key === 'Escape') document.activeElement.blur();
});

function keySwitch() {
  const box = element('input', { type: 'checkbox' });
  box.checked = !keysOff();
  on(box, 'change', () => {
    localStorage.setItem('wsinspect-keys', box.checked ? 'on' : 'off');
    showKeys();
  });
  return element('label', {}, box, ' Single keys work in this browser');
}
const showKeys = () => document.body.classList.toggle('no-keys', keysOff());
showKeys();

find('.key-list')?.after(keySwitch());
const help = find('a.keys');
if (help) on(help, 'click', async (e) => {
  if (e.ctrlKey || e.metaKey || e.shiftKey) return;
  e.preventDefault();
  const list = await fetched(help.href).then((page) => find('.key-list', page), () => null);
  if (!list) return location.assign(help.href);
  const dialog = element('dialog', { 'aria-label': 'Keys' }, element('h2', {}, 'Keys'), list, keySwitch(), button('', () => dialog.close(), 'Close'));
  on(dialog, 'close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
});

// --- What is said aloud ---

const voice = element('p', { class: 'unseen', role: 'status' });
find('main')?.append(voice);
const say = (text) => { voice.textContent = text; };

let unsaid = 0; // failures since something was said
let lastSaid = 0;
const reasons = new Set();

function sayFailures() {
  if (!unsaid || Date.now() - lastSaid < 10000) return;
  const others = reasons.size - 1;
  say(`${unsaid} new, failed: ${[...reasons].pop()}` + (others ? `, and ${others} other reason${others > 1 ? 's' : ''}.` : '.'));
  [unsaid, lastSaid] = [0, Date.now()];
  reasons.clear();
}

const title = document.title;
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
  rows.insertBefore(row, Array.from(rows.children).find((r) => r.id < row.id) ?? null);
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

const attemptsIn = (row) => (row ? Number(row.dataset.times ?? 1) : 0);

function takeRows(list) {
  let failures = 0;
  const held = busy();
  for (const { id, html } of list) {
    const row = html ? parsed(html).firstElementChild : null;
    const known = byID('a-' + id);
    if (!row && !known) {
      due.delete(id);
      waiting.delete(id);
      continue;
    }
    const more = row ? Math.max(0, attemptsIn(row) - attemptsIn(waiting.get(id) ?? due.get(id) ?? known)) : 0;
    const failed = row && 'failed' in row.dataset ? more : 0;
    if (row) localise(row);
    if (failed) reasons.add(row.querySelector('.why a').textContent);
    failures += failed;
    // A row that only changes moves nothing, unless it is the one that is being used.
    const waits = row && known ? known.contains(document.activeElement) || known.matches(':hover') : held;
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

const held = new Map(); // parts that are being used, or would move what is, by ID

function takeParts(parts) {
  if (rows && parts.says) {
    find('.empty')?.remove();
    byID('gallery')?.remove();
    byID('filled').hidden = false;
  }
  for (const [id, html] of parts instanceof Map ? [...parts] : Object.entries(parts)) {
    const part = byID(id);
    if (!part) continue;
    held.delete(id);
    if (part.contains(document.activeElement) || part.matches(':active') || rows && id === 'says' && busy()) {
      held.set(id, html);
      continue;
    }
    const said = find('h1', part)?.textContent;
    part.innerHTML = html;
    dress(part);
    const now = find('h1', part)?.textContent;
    if (id === 'verdict' && now !== said) say(now);
  }
}

function release() {
  if (rows && waiting.size && !busy()) showWaiting();
  takeParts(held);
}
for (const event of ['focusout', 'pointerup']) on(window, event, () => setTimeout(release));

// How far the reader's clock is ahead of the server's, in milliseconds.
const ahead = Date.now() - new Date(find('#feed time')?.dateTime ?? Date.now());

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
  on(window, 'scroll', () => { if (waiting.size) release(); }, { passive: true });

  pause = button('p', () => {
    paused = !paused;
    label(pause, ...(paused ? ['play', 'Resume'] : ['pause', 'Pause']));
    release();
  });
  pause.id = 'pause';
  label(pause, 'pause', 'Pause');
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
function notice(name, kind, bold, text, action, then) {
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
    notice('restarted', 'warn', `wsinspect was restarted at ${clock(new Date(its.started))}.`, 'Attempts before it are gone.', 'Reload', reload);
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
    notice('missed', 'warn', `${e.data} events were missed here; reload to see them.`, '', 'Reload', reload);
  });
  on(source, 'error', async () => {
    if (source?.lost) return; // the browser tries again every few seconds, and each time it says so
    clearTimeout(deadline);
    if (source?.readyState !== EventSource.CLOSED) {
      source.lost = true;
      deadline = setTimeout(startPolling, 5000, 'The live feed was lost');
      return;
    }
    const refusal = await fetch(feedURL, { method: 'HEAD' }).catch(() => null);
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
  for (const id of ['says', 'tallies', 'chips', 'matched', 'verdict', 'session', 'answer', 'rail']) {
    const part = page.getElementById(id);
    if (part && !part.closest('[hidden]')) parts[id] = part.innerHTML;
  }
  takeParts(parts);
}

if (feedURL) {
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
}

// --- Sign-in: the token rides behind the '#' of the printed address ---

if (location.hash.startsWith('#token=')) {
  const token = location.hash.slice('#token='.length).replaceAll('+', ' ');
  history.replaceState(null, '', location.pathname + location.search);
  if (byID('signin')) {
    byID('token').value = decodeURIComponent(token);
    byID('signin').submit();
  }
}

dress(document);

// The browser's own test. Strangers wrote what arrived: it is drawn as text, never as HTML.

import { all, byID, copier, find, say } from './page.js';

const put = (id, text) => { byID(id).textContent = text; };
const form = byID('test');
const now = () => performance.now();
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const seconds = (ms) => (ms / 1000).toFixed(1) + ' s';
const mark = () => crypto.getRandomValues(new Uint32Array(2)).join('');
const ask = (address) => fetch(address, { headers: { Accept: 'application/json' }, redirect: 'manual' });
const iconOf = { waiting: 'plain', running: 'open', done: 'accepted', failed: 'rejected', 'not run': 'skipped' };

let stop; // ends the test that runs; without one there is none
let stopped; // a promise that it has ended so
let since; // when the step that runs has begun

// first waits for one of the events, and no longer than a reader does.
const first = (...events) => Promise.race([...events, stopped]);

function step(id, state, text = '') {
  const li = byID('s-' + id), icon = li.firstChild, { href } = icon.firstChild;
  li.className = state;
  icon.className.baseVal = 'icon ' + iconOf[state];
  href.baseVal = href.baseVal.replace(/\w+$/, iconOf[state]);
  li.lastChild.textContent = state === 'done' ? text : state + (text && ': ' + text);
  since = now();
}

const ended = (id, ok, done, failed) => step(id, ok ? 'done' : 'failed', ok ? done : failed);

// drawn fills copies of a template with texts.
function drawn(id, list, fill) {
  byID(id).replaceChildren(...list.map((each) => {
    const copy = byID(id + '-one').content.firstChild.cloneNode(true);
    fill(copy, each);
    return copy;
  }));
}

// address is where this page came from, under another path.
function address(path, nonce, more = '') {
  const u = new URL(location);
  [u.pathname, u.search = ''] = path.split('?');
  u.search += `${u.search && '&'}wsinspect-nonce=${nonce}${more}`;
  u.hash = '';
  return u;
}

function dial(path, more, protocols = []) {
  const nonce = mark(), u = address(path, nonce, more), began = now();
  u.protocol = u.protocol.replace('http', 'ws');
  const ws = new WebSocket(u, protocols);
  ws.binaryType = 'arraybuffer';
  const when = (event) => new Promise((done) => {
    ws.addEventListener(event, ({ code, data }) => done({ ms: now() - began, code, data }));
  });
  const opened = when('open'), closed = when('close');
  return { ws, when, nonce, opened, closed, target: u.pathname + u.search };
}

// arrived looks for what came with a mark; with over, until its session is.
async function arrived(nonce, over) {
  for (let i = 1; ; i++) {
    const [a] = (await (await ask(`../inspect?nonce=${nonce}`)).json()).attempts;
    if (!a || !over || a.state === 'closed' || i > 12) return a;
    await pause(20 * i);
  }
}

// plain asks the same way without an upgrade, and returns the Host that came.
async function plain(path) {
  step('plain', 'running');
  const nonce = mark(), began = now(), answer = await first(ask(address(path, nonce)).catch(() => {}));
  const said = await answer?.json().catch(() => {});
  const a = said?.request ? said : await arrived(nonce);
  const got = answer?.status ? `${answer.status} from ${answer.headers.get('Server') ?? 'no named server'}, ${Math.round(now() - began)} ms` : 'no answer';
  ended('plain', a, got, `the browser got ${got}; here nothing arrived`);
  return a?.request.host ?? '';
}

async function echo({ ws, closed, when }, id, message, size) {
  step(id, 'running');
  const began = now(), back = when('message');
  ws.send(message);
  const { data } = await first(back, closed, pause(1e4)) ?? {};
  const right = data && String(id === 'text' ? data : new Uint8Array(data)) === String(message);
  ended(id, right, `${size}, ${(now() - began).toFixed(1)} ms`, 'it did not come back as it went');
}

async function end({ ws, closed, nonce }) {
  step('closed', 'running');
  ws.close(1000);
  const { code = 'no end' } = await first(closed, pause(1e4)) ?? {};
  const is = (await arrived(nonce, true))?.session?.close.code;
  ended('closed', code === 1000 && is === code, '1000, both sides', `the browser saw ${code}, wsinspect ${is ?? 'no end'}`);
  return code;
}

// report shows what the browser knows beside what arrived.
async function report(told) {
  const cookies = document.cookie.replace(/=[^;]*/g, ''); // their names
  const is = await (await ask('selftest?' + new URLSearchParams({ ...told, page: location.href, cookies, agent: navigator.userAgent }))).json();
  drawn('facts', is.facts, (row, { cells, line, same }) => {
    cells.forEach((text, i) => { (find('span', row.cells[i]) ?? row.cells[i]).textContent = text; });
    find('code', row).textContent = line;
    row.classList.toggle('same', same);
  });
  drawn('links', is.links, (a, { to, text }) => {
    a.href = `../inspect/${to}`;
    a.textContent = text;
  });
  byID('beside').hidden = false;
  for (const id of ['says', 'lead', 'differ']) put(id, is[id]);
  say(is.says);
  // The result as text is what the page shows, line by line.
  const line = (e) => [...e.children].map((part) => part.textContent.trim()).filter(Boolean).join(' | ') || e.textContent;
  put('result', all('#says, #lead, .steps li, .versus tr, .bars li').map(line).join('\n'));
  byID('copy').hidden = false;
}

async function test() {
  const { path, protocols, minutes, ping } = Object.fromEntries(new FormData(form));
  const offered = protocols.match(/[^\s,]+/g) ?? [];
  for (const li of all('.steps li')) step(li.id.slice(2), 'waiting');
  byID('finder').hidden = byID('copy').hidden = true;
  const host = await plain(path);
  step('opened', 'running');
  const s = dial(path, '', offered), began = now();
  const came = await first(s.opened, s.closed, pause(2e4));
  const open = came && !came.code, a = await arrived(s.nonce);
  const seen = came ? `${open ? 101 : came.code} after ${Math.round(came.ms)} ms` : `no answer in ${seconds(now() - began)}`;
  ended('opened', open, seen, `the browser saw ${seen}; ${a ? `wsinspect answered ${a.response.status}` : 'here nothing arrived'}`);
  ended('arrived', a, `as ${a?.id}`, 'nothing came with this mark');
  const told = { host, protocols: offered.join(', '), nonce: s.nonce, target: s.target, seen, open: open || '' };
  if (!open) {
    s.ws.close();
    for (const id of ['text', 'binary', 'closed', 'idle']) step(id, 'not run');
    return report(told);
  }
  await echo(s, 'text', 'hello', '“hello”');
  await echo(s, 'binary', crypto.getRandomValues(new Uint8Array(65536)), '64 KiB');
  told.code = await end(s);
  await report(told);
  return report({ ...told, ping, ...await idle(path, minutes * 60000, ping) });
}

// idle holds three sockets until the silent one is cut, and half as long again, to see what
// becomes of the others.
async function idle(path, total, ping) {
  const began = now(), bars = ['silent', 'client', 'server'].map((id) => ({ li: byID('b-' + id), ...dial(path, id === 'server' ? `&wsinspect-ping=${ping}s` : '') }));
  const [silent, client] = bars, left = () => bars.filter((b) => !b.cut), over = () => now() - began;
  const wide = (ms) => Math.min(100, ms / total * 100) + '%';
  let limit = total, said = 0, early = '';
  stopped.then(() => { limit = 0; early = 1; });
  all('.scale span').forEach((e, i) => { e.textContent = +(i * total / 2000).toFixed(1) + ' s'; });
  for (const bar of bars) {
    bar.closed.then(async ({ ms }) => {
      bar.cut = ms - (await Promise.race([bar.opened, { ms: 0 }])).ms;
      say(`${bar.li.firstChild.textContent}: cut after ${seconds(bar.cut)}.`);
      if (bar === silent) limit = Math.min(limit, 1.5 * ms);
    });
  }
  silent.opened.then(() => silent.ws.send('silence')); // a session that was in use is cut, not given up
  byID('finder').hidden = false;
  step('idle', 'running');
  const beat = setInterval(() => client.cut || client.ws.send('ping'), ping * 1000);
  for (let on = true; on; await pause(100)) {
    on = over() < limit && left()[0];
    for (const { li, cut } of bars) {
      li.className = cut ? 'cut' : '';
      find('rect', li).setAttribute('width', wide(cut ?? over()));
      find('line', li).setAttribute('class', silent.cut ? 'at' : '');
      for (const x of ['x1', 'x2']) find('line', li).setAttribute(x, wide(silent.cut ?? 0));
      li.lastChild.textContent = cut ? `cut after ${seconds(cut)}` : `${Math.floor(over() / 1000)} s, still open`;
    }
    put('sofar', `${left().length} of 3 still open, ${Math.max(0, Math.ceil((limit - over()) / 1000))} s to go at most`);
    if (over() > 3e4 * (said + 1)) say(`${30 * ++said} s: ${left().length} of 3 still open.`);
  }
  clearInterval(beat);
  const { cut = '', nonce } = silent, lasted = over(), kept = left().length;
  put('sofar', `${kept} of 3 were open at the end`);
  for (const { ws } of bars) ws.close(1000);
  step('idle', 'done', cut ? `cut after ${seconds(cut)} of silence` : `open after ${seconds(lasted)}`);
  await arrived(nonce, true);
  return { silent: nonce, cut, kept, lasted, stopped: early };
}

form.path.value ||= location.pathname;
put('origin', location.origin.replace('http', 'ws'));
const copy = copier(byID('result'), 'y', 'Copy result');
copy.id = 'copy';
copy.hidden = true;
form.append(copy);
form.hidden = false;

form.onsubmit = () => {
  if (stop) stop();
  else {
    stopped = new Promise((done) => { stop = done; });
    put('run', 'Stop');
    const clock = setInterval(() => {
      const text = find('.steps .running p');
      if (text) text.textContent = `running, ${Math.floor((now() - since) / 1000)} s`;
    }, 1000);
    test().catch((error) => put('lead', 'The test ended: ' + error.message)).then(() => {
      clearInterval(clock);
      stop = null;
      put('run', 'Run again');
    });
  }
  return false;
};

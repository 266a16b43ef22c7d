// The browser's own test. Strangers wrote what arrived: it is drawn as text, never as HTML.

const byID = (id) => document.getElementById(id);
const put = (id, text) => { byID(id).textContent = text; };
const form = byID('test');
const now = () => performance.now();
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const seconds = (ms) => (ms / 1000).toFixed(1) + ' s';
const mark = () => crypto.getRandomValues(new Uint32Array(2)).join('');
const ask = (address) => fetch(address, { headers: { Accept: 'application/json' }, redirect: 'manual' });
const iconOf = { waiting: 'plain', running: 'open', done: 'accepted', failed: 'rejected', 'not run': 'skipped' };

function step(id, state, text = '') {
  const li = byID('s-' + id), icon = li.firstChild, { href } = icon.firstChild;
  li.className = state;
  icon.className.baseVal = 'icon ' + iconOf[state];
  href.baseVal = href.baseVal.replace(/\w+$/, iconOf[state]);
  li.lastChild.textContent = state === 'done' ? text : state + (text && ': ' + text);
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

// find looks for what arrived with a mark; with over, until its session is.
async function find(nonce, over) {
  for (let i = 1; ; i++) {
    const [a] = (await (await ask(`../inspect?nonce=${nonce}`)).json()).attempts;
    if (!a || !over || a.state === 'closed' || i > 12) return a;
    await pause(20 * i);
  }
}

// plain asks the same way without an upgrade, and returns the Host that came.
async function plain(path) {
  step('plain', 'running');
  const nonce = mark(), began = now(), answer = await ask(address(path, nonce)).catch(() => {});
  const said = await answer?.json().catch(() => {});
  const a = said?.request ? said : await find(nonce);
  const got = answer?.status ? `${answer.status} from ${answer.headers.get('Server') ?? 'no named server'}, ${Math.round(now() - began)} ms` : 'no answer';
  ended('plain', a, got, `the browser got ${got}; here nothing arrived`);
  return a?.request.host ?? '';
}

async function echo({ ws, closed, when }, id, message, size) {
  step(id, 'running');
  const began = now(), back = when('message');
  ws.send(message);
  const { data } = await Promise.race([back, closed, pause(1e4)]) ?? {};
  const right = data && String(id === 'text' ? data : new Uint8Array(data)) === String(message);
  ended(id, right, `${size}, ${(now() - began).toFixed(1)} ms`, 'it did not come back as it went');
}

async function end({ ws, closed, nonce }) {
  step('closed', 'running');
  ws.close(1000);
  const { code } = await closed;
  const is = (await find(nonce, true))?.session?.close.code;
  ended('closed', code === 1000 && is === code, '1000, both sides', `the browser saw ${code}, wsinspect ${is ?? 'no end'}`);
  return code;
}

// report shows what the browser knows beside what arrived.
async function report(told) {
  const cookies = document.cookie.replace(/=[^;]*/g, ''); // their names
  const is = await (await ask('selftest?' + new URLSearchParams({ ...told, page: location.href, cookies, agent: navigator.userAgent }))).json();
  drawn('facts', is.facts, (row, { cells, same }) => {
    cells.forEach((text, i) => { row.cells[i].textContent = text; });
    row.classList.toggle('same', same);
  });
  drawn('links', is.links, (a, { to, text }) => {
    a.href = `../inspect/${to}`;
    a.textContent = text;
  });
  byID('beside').hidden = false;
  for (const id of ['says', 'lead', 'differ']) put(id, is[id]);
  put('said', is.says);
}

async function test() {
  const { path, protocols, minutes, ping } = Object.fromEntries(new FormData(form));
  const offered = protocols.match(/[^\s,]+/g) ?? [];
  for (const li of document.querySelectorAll('.steps li')) step(li.id.slice(2), 'waiting');
  byID('finder').hidden = true;
  const host = await plain(path);
  step('opened', 'running');
  const s = dial(path, '', offered);
  const first = await Promise.race([s.opened, s.closed, pause(2e4)]);
  const open = first && !first.code, a = await find(s.nonce);
  const seen = first ? `${open ? 101 : first.code} after ${Math.round(first.ms)} ms` : 'no answer in 20 s';
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

async function idle(path, total, ping) {
  const began = now(), bars = ['silent', 'client', 'server'].map((id) => ({ li: byID('b-' + id), ...dial(path, id === 'server' ? `&wsinspect-ping=${ping}s` : '') }));
  const [silent, client] = bars, left = () => bars.filter((b) => !b.cut), over = () => now() - began;
  const stop = byID('stop');
  let limit = total, said = 0;
  for (const bar of bars) {
    bar.closed.then(async ({ ms }) => {
      bar.cut = ms - (await Promise.race([bar.opened, { ms: 0 }])).ms;
      put('said', `${bar.li.firstChild.textContent}: cut after ${seconds(bar.cut)}.`);
      if (bar === silent) limit = Math.min(limit, 1.5 * ms);
    });
  }
  byID('finder').hidden = stop.hidden = false;
  stop.onclick = () => { limit = 0; };
  step('idle', 'running');
  const beat = setInterval(() => client.cut || client.ws.send('ping'), ping * 1000);
  for (let on = true; on; await pause(100)) {
    on = over() < limit && left()[0];
    for (const { li, cut } of bars) {
      li.className = cut ? 'cut' : '';
      li.querySelector('rect').setAttribute('width', Math.min(100, (cut ?? over()) / total * 100) + '%');
      li.lastChild.textContent = cut ? `cut after ${seconds(cut)}` : `${Math.floor(over() / 1000)} s, still open`;
    }
    if (over() > 3e4 * (said + 1)) put('said', `${30 * ++said} s: ${left().length} of 3 still open.`);
  }
  clearInterval(beat);
  if (document.activeElement === stop) byID('run').focus();
  stop.hidden = true;
  const { cut = '', nonce } = silent, lasted = over(), kept = left().length;
  for (const { ws } of bars) ws.close(1000);
  step('idle', 'done', cut ? `cut after ${seconds(cut)} of silence` : `open after ${seconds(lasted)}`);
  await find(nonce, true);
  return { silent: nonce, cut, kept, lasted, stopped: limit ? '' : 1 };
}

form.path.value ||= location.pathname;
form.hidden = false;
let running;
form.onsubmit = () => {
  running ??= test().catch((error) => put('lead', 'The test ended: ' + error.message)).then(() => {
    running = null;
    put('run', 'Run again');
  });
  return false;
};

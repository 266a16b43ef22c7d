// What every screen gains by script: the reader's own time zone, copying, keys, a voice.
// The server renders and escapes every piece of HTML; this file only puts it in place.

const { icons } = document.body.dataset;
export const byID = (id) => document.getElementById(id);
export const find = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
export const on = (target, ...rest) => target.addEventListener(...rest);
export const reload = () => location.reload();
export const rows = byID('rows'); // of the list; null elsewhere

// --- Small things ---

export function element(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  e.append(...children);
  return e;
}

export function parsed(html) {
  const t = document.createElement('template');
  t.innerHTML = html;
  return t.content;
}

export const icon = (name) => parsed(`<svg class="icon ${name}" width="16" height="16" aria-hidden="true"><use href="${icons}#${name}"/></svg>`);

// button makes a button, and names the key that presses it, if any.
export function button(key, then, text = '') {
  const b = element('button', { type: 'button', class: 'button' }, element('span', {}, text));
  on(b, 'click', then);
  if (key) {
    b.dataset.key = key;
    hint(b);
  }
  return b;
}

export const label = (b, name, text) => find('span', b).replaceChildren(icon(name), text);

export async function fetched(address) {
  const answer = await fetch(address, { headers: { Accept: 'text/html' }, cache: 'no-store' });
  if (answer.status === 401) reload();
  if (!answer.ok) throw new Error(answer.statusText);
  return new DOMParser().parseFromString(await answer.text(), 'text/html');
}

export const clock = (date) => date.toTimeString().slice(0, 8);

// localise turns the server's times into the reader's time zone.
export function localise(root) {
  for (const t of all('time[datetime]', root)) {
    const date = new Date(t.dateTime);
    const { exact, minute } = t.dataset;
    t.textContent = clock(date).slice(0, minute === '' ? 5 : 8) + (exact === '' ? date.toISOString().slice(19, 23) : '');
    t.title = date.toString();
  }
}

// dress makes HTML of the server's ready for a reader with script.
export function dress(root) {
  localise(root);
  all('[data-copy]:not(.copying)', root).forEach(addCopy);
  all('[data-key]', root).forEach(hint);
}

// --- What is said aloud ---

const voice = element('p', { class: 'unseen', role: 'status' });
find('main')?.append(voice);
export const say = (text) => { voice.textContent = text; };

// --- Copying ---

function textOf(target) {
  const copy = target.cloneNode(true);
  for (const ours of all('.letter, .tag, .offset, .caption, .last, .ascii', copy)) ours.remove();
  const lines = all('.line', copy);
  return lines.length ? lines.map((l) => l.textContent.trim()).join('\n') : copy.textContent;
}

// copier makes the button that copies what target holds. Where a browser lets no page write
// to the clipboard, as over plain HTTP, the text is shown and selected instead.
export function copier(target, key, word = 'Copy') {
  const b = button(key, async () => {
    try {
      await navigator.clipboard.writeText(textOf(target));
      label(b, 'tick', 'Copied');
      say('Copied.');
    } catch {
      target.hidden = false;
      getSelection().selectAllChildren(target);
      label(b, 'copy', 'Select and press Ctrl-C');
    }
    setTimeout(label, 2000, b, 'copy', word);
  });
  label(b, 'copy', word);
  return b;
}

// addCopy puts a copier beside what can be copied. A key that presses it is named in data-copy.
function addCopy(target) {
  target.classList.add('copying');
  const heading = find(':scope > .heading', target.parentElement), b = copier(target, target.dataset.copy);
  heading ? heading.append(b) : target.after(b);
}

// --- Keys: each presses the control that carries it ---

const keysOff = () => localStorage.getItem('wsinspect-keys') === 'off';
let prefix = ''; // "g " after g

function hint(e) {
  const { key } = e.dataset;
  if (key.length > 1 || e.ariaKeyShortcuts) return;
  e.ariaKeyShortcuts = key;
  if (e.textContent !== key) e[e.matches('input') ? 'after' : 'append'](element('kbd', { 'aria-hidden': true }, key));
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

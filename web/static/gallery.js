// A button for each fault opens its socket, and says what the browser saw and what arrived.

import { all, button, element } from './page.js';

const newest = async (list) => {
  const answer = await fetch(list + '&limit=1', { headers: { Accept: 'application/json' } });
  return (await answer.json()).attempts[0];
};

const open = ({ socket: address, hold }) => new Promise((done) => {
  const socket = new WebSocket(address);
  let saw = 'no socket';
  socket.onopen = () => {
    saw = 'an open socket';
    hold === undefined ? socket.close(1000) : socket.send('silence');
  };
  socket.onclose = ({ code }) => done(`The browser saw ${saw}, then ${code}. `);
});

for (const { dataset, lastElementChild: place } of all('[data-socket]')) {
  const [list] = dataset.find.split('?'), output = element('output');
  const b = button('', async () => {
    output.textContent = 'Opening …';
    const last = (await newest(list + '?'))?.id ?? '';
    const saw = await open(dataset);
    let found;
    for (let i = 0; i < 5 && !(found?.id > last); i++) {
      await new Promise((later) => setTimeout(later, 100 * i));
      found = await newest(dataset.find);
    }
    output.replaceChildren(saw, found?.id > last
      ? element('a', { href: list + '/' + found.id }, found.causes[0]?.title ?? 'Nothing is wrong.')
      : 'Nothing arrived.');
  }, 'Open');
  b.ariaLabel = 'Open ' + dataset.socket;
  place.after(b, output);
}

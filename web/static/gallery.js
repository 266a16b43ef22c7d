// A button for each fault opens its socket, and says what the browser saw and what arrived.

const newest = async (list) => {
  const answer = await fetch(list + '&limit=1', { headers: { Accept: 'application/json' } });
  return (await answer.json()).attempts[0];
};

const open = ({ socket: address, hold }) => new Promise((done) => {
  const socket = new WebSocket(address);
  let saw = 'no socket';
  socket.onopen = () => {
    saw = 'an open socket';
    if (hold === undefined) socket.close(1000);
  };
  socket.onclose = ({ code }) => done(`The browser saw ${saw}, then ${code}. `);
});

for (const { dataset, lastElementChild: place } of document.querySelectorAll('[data-socket]')) {
  const [list] = dataset.find.split('?');
  const [button, output, link] = ['button', 'output', 'a'].map((tag) => document.createElement(tag));
  button.textContent = 'Open';
  button.ariaLabel = 'Open ' + dataset.socket;
  place.after(button, output);
  button.onclick = async () => {
    output.textContent = 'Opening …';
    const last = (await newest(list + '?'))?.id ?? '';
    const saw = await open(dataset);
    let found;
    for (let i = 0; i < 5 && !(found?.id > last); i++) {
      await new Promise((later) => setTimeout(later, 100 * i));
      found = await newest(dataset.find);
    }
    link.href = list + '/' + found?.id;
    link.textContent = found?.causes[0]?.title ?? 'Nothing is wrong.';
    output.replaceChildren(saw, found?.id > last ? link : 'Nothing arrived.');
  };
}

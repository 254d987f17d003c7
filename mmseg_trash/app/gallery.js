// A grid of small pictures; a click reports the name.
export default function ({ parentElement, data, setTriggerValue }) {
  let host = parentElement.querySelector('.gallery');
  if (!host) {
    host = document.createElement('div');
    host.className = 'gallery';
    parentElement.append(host);
  }
  host.style.setProperty('--size', `${data.size || 150}px`);
  host.replaceChildren(...data.items.map((item) => {
    const card = document.createElement('button');
    card.className = item.picked ? 'card picked' : 'card';
    card.title = item.name;
    card.onclick = () => setTriggerValue('picked', item.name);
    const frame = document.createElement('span');
    frame.className = 'frame';
    if (item.image) {
      const image = document.createElement('img');
      image.src = item.image;
      image.alt = item.name;
      frame.append(image);
    } else {
      frame.textContent = 'cannot be read';
    }
    const caption = document.createElement('span');
    caption.className = 'caption';
    caption.textContent = item.name;
    card.append(frame, caption);
    if (item.note) {
      const note = document.createElement('span');
      note.className = 'caption note';
      note.textContent = item.note;
      card.append(note);
    }
    return card;
  }));
}

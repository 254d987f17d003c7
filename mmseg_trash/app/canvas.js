// Panels of one photograph: label maps, polygons and marks over it, one pointer for all.
const IGNORED = 255;

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function loadImage(url) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error('picture cannot be shown'));
    image.src = url;
  });
}

async function readLabels(url) {
  const image = await loadImage(url);
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  const labels = new Uint8Array(width * height);
  for (let i = 0; i < labels.length; i++) labels[i] = data[4 * i];
  return { labels, width, height };
}

// Fill and edge of every shown region, as two pictures of the label map's size.
function paintLabels(map, table, hidden) {
  const { labels, width, height } = map;
  const fill = new ImageData(width, height);
  const edge = new ImageData(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const label = labels[i];
      const entry = table.get(label);
      if (!entry || entry.quiet || hidden.has(label)) continue;
      const [r, g, b] = entry.colour;
      fill.data.set([r, g, b, 255], 4 * i);
      const border =
        (x > 0 && labels[i - 1] !== label) || (x + 1 < width && labels[i + 1] !== label) ||
        (y > 0 && labels[i - width] !== label) ||
        (y + 1 < height && labels[i + width] !== label);
      if (border) edge.data.set([r, g, b].map((v) => (v + 255) >> 1).concat(255), 4 * i);
    }
  }
  return [fill, edge].map((data) => {
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext('2d').putImageData(data, 0, 0);
    return canvas;
  });
}

function tableOf(legend) {
  return new Map(legend.map((entry) => [entry.label, entry]));
}

const css = (colour) => `rgb(${colour.join(',')})`;

class Viewer {
  constructor(root, store) {
    this.root = root;
    this.store = store;
    this.host = element('div', 'viewer');
    this.host.tabIndex = 0;
    this.bar = element('div', 'bar');
    this.grid = element('div', 'panels');
    this.chips = element('div', 'chips');
    this.host.append(this.bar, this.grid, this.chips);
    root.append(this.host);
    this.panels = [];
    this.observer = new ResizeObserver(() => { this.size(); this.draw(); });
    this.observer.observe(this.host);
    this.host.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step && event.target.type !== 'range') {
        event.preventDefault();
        this.component.setTriggerValue('step', { by: step, at: Date.now() });
      }
    });
  }

  async show(component) {
    this.component = component;
    const data = component.data;
    const turn = (this.turn = (this.turn || 0) + 1);
    const photograph = await loadImage(data.image);
    const maps = await Promise.all(
      data.panels.map((panel) => (panel.layer ? readLabels(panel.layer) : null)));
    if (turn !== this.turn) return;
    this.photograph = photograph;
    this.data = data;
    const subject = JSON.stringify([data.name, data.focus]);
    if (subject !== this.subject) this.view = this.start();
    Object.assign(this, { subject, name: data.name });
    this.table = tableOf(data.legend);
    this.build(maps);
    this.paint();
    this.host.dataset.ready = data.name;
  }

  build(maps) {
    this.bar.replaceChildren();
    const opacity = element('input');
    Object.assign(opacity, { type: 'range', min: 0, max: 100, value: this.store.opacity * 100 });
    opacity.setAttribute('aria-label', 'Opacity of the labels');
    opacity.oninput = () => { this.store.opacity = opacity.value / 100; this.draw(); };
    const label = element('label', 'opacity', 'Opacity');
    label.append(opacity);
    this.readout = element('div', 'readout', '');
    const reset = element('button', 'plain', 'Reset zoom');
    reset.onclick = () => { this.view = { scale: 1, x: 0, y: 0 }; this.draw(); };
    this.bar.append(label, reset, element('span', 'hint', 'wheel: zoom · drag: move · ← →: next image'), this.readout);
    this.grid.replaceChildren();
    this.panels = this.data.panels.map((panel, number) => this.panel(panel, maps[number]));
    this.legend();
    this.size();
  }

  // As many columns as fit; no panel is taller than the window shows at once.
  size() {
    if (!this.photograph) return;
    const { naturalWidth: width, naturalHeight: height } = this.photograph;
    const room = this.host.clientWidth;
    const wanted = Math.min(this.data.panels.length, this.data.columns || 4);
    const columns = Math.max(1, Math.min(wanted, Math.floor(room / 240)));
    const tallest = Math.max(320, window.innerHeight * (this.data.panels.length > columns ? 0.45 : 0.62));
    const limit = Math.round((tallest * width) / height);
    this.grid.style.gridTemplateColumns = `repeat(${columns}, minmax(0, ${limit}px))`;
  }

  // The whole photograph, or the surroundings of what is meant.
  start() {
    const { naturalWidth: width, naturalHeight: height } = this.photograph;
    if (!this.data.focus) return { scale: 1, x: 0, y: 0 };
    const [left, top, w, h] = this.data.focus;
    const scale = Math.min(10, Math.max(1, 0.45 * Math.min(width / w, height / h)));
    const within = (v, low) => Math.max(low, Math.min(0, v));
    return {
      scale,
      x: within(0.5 - ((left + w / 2) / width) * scale, 1 - scale),
      y: within(0.5 * height / width - ((top + h / 2) / width) * scale, ((1 - scale) * height) / width),
    };
  }

  panel(spec, map) {
    const box = element('figure', 'panel');
    const head = element('figcaption', 'head');
    head.append(element('span', 'title', spec.title), element('span', 'note', spec.note || ''));
    const canvas = element('canvas');
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', `${spec.title}: ${this.name}`);
    const under = element('div', 'under', '\u00a0');
    box.append(head, canvas, under);
    if (spec.legend) {
      const keys = element('div', 'keys');
      for (const entry of spec.legend.filter((e) => !e.quiet)) {
        const key = element('span', 'key', entry.name);
        key.style.setProperty('--colour', css(entry.colour));
        keys.append(key);
      }
      box.append(keys);
    }
    this.grid.append(box);
    canvas.onpointermove = (event) => this.move(event, canvas);
    canvas.onpointerleave = () => { this.pointer = null; this.readOut(); this.draw(); };
    canvas.onpointerdown = (event) => {
      this.host.focus({ preventScroll: true });
      this.drag = { x: event.clientX, y: event.clientY, view: { ...this.view } };
      canvas.setPointerCapture(event.pointerId);
    };
    canvas.onpointerup = () => { this.drag = null; };
    canvas.addEventListener('wheel', (event) => this.zoom(event, canvas), { passive: false });
    const table = spec.legend ? tableOf(spec.legend) : this.table;
    return { spec, map, canvas, under, table };
  }

  legend() {
    this.chips.replaceChildren();
    const shown = this.data.legend.filter((entry) => !entry.quiet);
    const present = new Set(this.data.present || shown.map((entry) => entry.label));
    for (const entry of shown) {
      if (entry.label === IGNORED && !present.has(IGNORED)) continue;
      const chip = element('button', 'chip', entry.name);
      chip.style.setProperty('--colour', css(entry.colour));
      chip.classList.toggle('absent', !present.has(entry.label));
      const mark = () => chip.setAttribute('aria-pressed', !this.store.hidden.has(entry.label));
      mark();
      chip.onclick = () => {
        const { hidden } = this.store;
        if (!hidden.delete(entry.label)) hidden.add(entry.label);
        mark();
        this.paint();
      };
      this.chips.append(chip);
    }
    const every = element('button', 'plain', 'all / none');
    every.onclick = () => {
      const { hidden } = this.store;
      const labels = shown.map((entry) => entry.label);
      const clear = hidden.size > 0;
      hidden.clear();
      if (!clear) labels.forEach((value) => hidden.add(value));
      this.legend();
      this.paint();
    };
    this.chips.append(every);
  }

  paint() {
    for (const panel of this.panels) {
      const hidden = panel.spec.legend ? new Set() : this.store.hidden;
      panel.layers = panel.map ? paintLabels(panel.map, panel.table, hidden) : null;
    }
    this.draw();
  }

  fitted(canvas) {
    const { naturalWidth: width, naturalHeight: height } = this.photograph;
    const scale = (canvas.width / width) * this.view.scale;
    return { scale, x: this.view.x * canvas.width, y: this.view.y * canvas.width, width, height };
  }

  draw() {
    if (!this.photograph) return;
    for (const panel of this.panels) this.drawPanel(panel);
  }

  drawPanel({ spec, canvas, layers }) {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio);
    if (!width) return;
    const { naturalWidth, naturalHeight } = this.photograph;
    const height = Math.round((width * naturalHeight) / naturalWidth);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext('2d');
    const fit = this.fitted(canvas);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.setTransform(fit.scale, 0, 0, fit.scale, fit.x, fit.y);
    context.imageSmoothingEnabled = fit.scale < 3;
    context.filter = spec.kind === 'marks' ? 'grayscale(1) brightness(.55)' : 'none';
    context.drawImage(this.photograph, 0, 0);
    context.filter = 'none';
    context.imageSmoothingEnabled = false;
    if (layers) {
      context.globalAlpha = spec.kind === 'marks' ? 0.8 : this.store.opacity;
      context.drawImage(layers[0], 0, 0, fit.width, fit.height);
      context.globalAlpha = spec.kind === 'marks' ? 0 : Math.min(1, 2 * this.store.opacity);
      context.drawImage(layers[1], 0, 0, fit.width, fit.height);
      context.globalAlpha = 1;
    }
    this.drawOutlines(context, spec, fit, ratio);
    if (this.pointer) this.drawPointer(context, fit, ratio);
  }

  drawOutlines(context, spec, fit, ratio) {
    for (const { id, label, polygons } of spec.outlines || []) {
      const entry = this.table.get(label);
      if (!entry || this.store.hidden.has(label)) continue;
      const path = new Path2D();
      for (const points of polygons) {
        points.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
        path.closePath();
      }
      const marked = this.data.marked === id;
      context.fillStyle = css(entry.colour);
      context.globalAlpha = 0.6 * this.store.opacity;
      context.fill(path, 'evenodd');
      context.globalAlpha = 1;
      context.lineWidth = ((marked ? 6 : 3.5) * ratio) / fit.scale;
      context.strokeStyle = marked ? '#e11d48' : 'rgba(255,255,255,.9)';
      context.stroke(path);
      context.lineWidth = ((marked ? 2.5 : 1.6) * ratio) / fit.scale;
      context.strokeStyle = marked ? '#fff' : css(entry.colour);
      context.stroke(path);
    }
  }

  drawPointer(context, fit, ratio) {
    const { x, y } = this.pointer;
    context.lineWidth = ratio / fit.scale;
    context.strokeStyle = 'rgba(255,255,255,.75)';
    context.beginPath();
    context.moveTo(0, y); context.lineTo(fit.width, y);
    context.moveTo(x, 0); context.lineTo(x, fit.height);
    context.stroke();
  }

  move(event, canvas) {
    const box = canvas.getBoundingClientRect();
    if (this.drag) {
      this.view.x = this.drag.view.x + (event.clientX - this.drag.x) / box.width;
      this.view.y = this.drag.view.y + (event.clientY - this.drag.y) / box.width;
    }
    const fit = this.fitted(canvas);
    const pixel = canvas.width / box.width;
    const x = ((event.clientX - box.left) * pixel - fit.x) / fit.scale;
    const y = ((event.clientY - box.top) * pixel - fit.y) / fit.scale;
    const within = x >= 0 && y >= 0 && x < fit.width && y < fit.height;
    this.pointer = within ? { x, y } : null;
    this.readOut();
    this.draw();
  }

  readOut() {
    const at = this.pointer;
    const { naturalWidth: width, naturalHeight: height } = this.photograph;
    this.readout.textContent = at ? `x ${Math.floor(at.x)}  y ${Math.floor(at.y)}` : '';
    for (const { map, table, under } of this.panels) {
      under.textContent = '\u00a0';
      under.style.removeProperty('--colour');
      if (!at || !map) continue;
      const column = Math.floor((at.x * map.width) / width);
      const line = Math.floor((at.y * map.height) / height);
      const entry = table.get(map.labels[line * map.width + column]);
      if (!entry) continue;
      under.textContent = entry.name;
      under.style.setProperty('--colour', css(entry.colour));
    }
  }

  zoom(event, canvas) {
    event.preventDefault();
    const box = canvas.getBoundingClientRect();
    const scale = Math.min(24, Math.max(1, this.view.scale * Math.exp(-event.deltaY / 400)));
    const change = scale / this.view.scale;
    const x = (event.clientX - box.left) / box.width;
    const y = (event.clientY - box.top) / box.width;
    this.view = scale === 1 ? { scale, x: 0, y: 0 } : {
      scale, x: x - (x - this.view.x) * change, y: y - (y - this.view.y) * change };
    this.move(event, canvas);
  }
}

const stores = new Map();

export default function (component) {
  const { parentElement, data } = component;
  if (!stores.has(data.store)) stores.set(data.store, { opacity: 0.5, hidden: new Set() });
  parentElement.viewer ??= new Viewer(parentElement, stores.get(data.store));
  parentElement.viewer.show(component);
}

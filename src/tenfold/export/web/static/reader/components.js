// Connected components of a mask, pixels that touch at corners included.

// Labels from 1 on in the order of their first pixels, 0 where the mask is 0; boxes and areas by label.
export function components({ width, height, data }) {
  const labels = new Int32Array(width * height);
  const parents = [0];
  const find = (label) => {
    while (parents[label] !== label) label = parents[label] = parents[parents[label]];
    return label;
  };
  const join = (a, b) => {
    [a, b] = [find(a), find(b)];
    if (a < b) parents[b] = a;
    else parents[a] = b;
    return Math.min(a, b);
  };
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (!data[at]) continue;
      let own = x ? labels[at - 1] : 0;
      if (y) {
        for (let near = x ? at - width - 1 : at - width; near <= at - width + (x < width - 1 ? 1 : 0); near++) {
          if (labels[near]) own = own && own !== labels[near] ? join(own, labels[near]) : labels[near];
        }
      }
      if (!own) parents.push((own = parents.length));
      labels[at] = own;
    }
  }
  return numbered(labels, parents.map((_, label) => find(label)), width);
}

function numbered(labels, roots, width) {
  const numbers = new Int32Array(roots.length);
  const boxes = [null];
  for (let at = 0; at < labels.length; at++) {
    if (!labels[at]) continue;
    const root = roots[labels[at]];
    const [x, y] = [at % width, Math.floor(at / width)];
    if (!numbers[root]) {
      numbers[root] = boxes.length;
      boxes.push({ left: x, top: y, right: x, bottom: y, area: 0 });
    }
    const box = boxes[(labels[at] = numbers[root])];
    if (x < box.left) box.left = x;
    if (x > box.right) box.right = x;
    box.bottom = y;
    box.area += 1;
  }
  return { labels, boxes };
}

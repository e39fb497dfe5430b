// What the browser knows of the entries. Python keeps them; they and their thumbnails are asked for
// when they come into view, one question at a time.
const MOST_THUMBNAILS = 600; // kept as blobs, 3 kB each
const MOST_ENTRIES = 4000;
const ANSWER_WITHIN = 5000; // ms after which a question counts as lost

/** What Python has told: entries by index, thumbnails by id; asks for what is not there yet. */
export function makeStore(model, changed) {
  const entries = new Map();
  const thumbnails = new Map(); // id -> blob URL, the longest unused first
  const missing = new Map(); // id -> why there is none
  const fresh = new Set(); // indices told since the last change
  const waiting = {}; // kind of question -> when it was asked

  const ask = (kind, question) => {
    if (performance.now() - (waiting[kind] ?? -Infinity) < ANSWER_WITHIN) return;
    waiting[kind] = performance.now();
    model.send({ kind, ...question });
  };
  const want = (first, end) => {
    let from = first;
    while (from < end && fresh.has(from)) from++;
    while (end > from && fresh.has(end - 1)) end--;
    if (from === end) return;
    // Where it has never been, thumbnails are wanted too: one question less until they are seen.
    ask("rows", { from, to: end, thumbnails: !entries.has(from) || !entries.has(end - 1) });
  };
  const wantThumbnails = (ids) => {
    const lacking = ids.filter((id) => !thumbnails.has(id) && !missing.has(id));
    if (lacking.length) ask("thumbnails", { ids: lacking });
  };
  const thumbnail = (id) => {
    const url = thumbnails.get(id);
    if (url) thumbnails.delete(id), thumbnails.set(id, url); // the last used
    return url;
  };
  const heard = (message, buffers) => {
    delete waiting[message.kind];
    if (message.rows && message.generation === model.get("generation")) {
      if (entries.size > MOST_ENTRIES) entries.clear(), fresh.clear();
      message.rows.forEach((row, place) => {
        entries.set(message.from + place, row);
        fresh.add(message.from + place);
      });
    }
    message.ids.forEach((id, place) => {
      if (thumbnails.has(id)) URL.revokeObjectURL(thumbnails.get(id));
      const blob = new Blob([buffers[place]], { type: "image/webp" });
      thumbnails.set(id, URL.createObjectURL(blob));
    });
    for (const [id, why] of Object.entries(message.missing)) missing.set(id, why);
    changed();
  };
  const renew = () => {
    fresh.clear();
    missing.clear();
    waiting.rows = undefined;
    for (const at of entries.keys()) if (at >= model.get("count")) entries.delete(at);
    changed();
  };
  /** Let go of what has not been seen for the longest, but of nothing that is on the screen. */
  const tidy = (shown) => {
    for (const [id, url] of thumbnails) {
      if (thumbnails.size <= MOST_THUMBNAILS) return;
      if (shown.has(id)) continue;
      URL.revokeObjectURL(url);
      thumbnails.delete(id);
    }
  };
  const close = () => {
    for (const url of thumbnails.values()) URL.revokeObjectURL(url);
    model.off("msg:custom", heard);
    model.off("change:generation", renew);
  };
  model.on("msg:custom", heard);
  model.on("change:generation", renew);
  return {
    entry: (at) => entries.get(at),
    why: (id) => missing.get(id),
    thumbnail, want, wantThumbnails, tidy, close,
  };
}

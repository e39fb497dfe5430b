// Where the studio is a page of its own (Voila), the page has a kernel with a model in it, which
// ends with the page. Voila says so too, but only from some seconds after the page was drawn. In a
// notebook there is nothing to do: the kernel is the notebook's.
function render() {
  const told = document.getElementById("jupyter-config-data")?.textContent;
  const { baseUrl, kernelId } = told ? JSON.parse(told) : {};
  if (!kernelId) return undefined;
  const ended = new AbortController();
  const end = () => navigator.sendBeacon(`${baseUrl}voila/api/shutdown/${kernelId}`);
  /** @param {PageTransitionEvent} event */
  const comeBack = (event) => {
    if (event.persisted) location.reload(); // out of the browser's own cache: it needs a new kernel
  };
  window.addEventListener("pagehide", end, { signal: ended.signal });
  window.addEventListener("pageshow", comeBack, { signal: ended.signal });
  return () => ended.abort();
}

export default { render };

// Built by `npm run build`; change the sources, not this file.
// source: widgets/page_end/src/page_end.js
// sha256 of the sources: 711978748821deef1da5f3a3078b1400fc461dcbdf68416b6b20a6c67fc5297e
// sha256 of the lines below: d0129040a733d752513bf46fc651f73c4bf8236c0945e7c3ac6181081fb344b4
// widgets/page_end/src/page_end.js
function render() {
  const told = document.getElementById("jupyter-config-data")?.textContent;
  const { baseUrl, kernelId } = told ? JSON.parse(told) : {};
  if (!kernelId) return void 0;
  const ended = new AbortController();
  const end = () => navigator.sendBeacon(`${baseUrl}voila/api/shutdown/${kernelId}`);
  const comeBack = (event) => {
    if (event.persisted) location.reload();
  };
  window.addEventListener("pagehide", end, { signal: ended.signal });
  window.addEventListener("pageshow", comeBack, { signal: ended.signal });
  return () => ended.abort();
}
var page_end_default = { render };
export {
  page_end_default as default
};

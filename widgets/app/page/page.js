// Runs before anything of the page is drawn: chooses the theme, says what is up when the panel does
// not come, and says when the page is closed.
(() => {
  const KEY = "media-lab-studio:theme";
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");

  // A browser may refuse to remember anything.
  const remembered = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  };
  /** @param {string} theme */
  const remember = (theme) => {
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // then the theme is the system's again next time
    }
  };

  // A button in the panel's header; in JupyterLab the theme is JupyterLab's.
  const ICON =
    '<svg width="18" height="18" viewBox="0 0 24 24" aria-hidden="true" fill="none"' +
    ' stroke="currentColor" stroke-width="1.75"><circle cx="12" cy="12" r="8"/>' +
    '<path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor"/></svg>';
  const button = document.createElement("button");
  button.type = "button";
  button.className = "mls-header-button mls-theme-button";
  button.innerHTML = ICON;
  /** @param {boolean} isDark */
  const name = (isDark) => {
    button.title = isDark ? "Light theme" : "Dark theme";
    button.setAttribute("aria-label", button.title);
  };
  const current = () => remembered() ?? (prefersDark.matches ? "dark" : "light");
  const show = (theme = current()) => {
    const isDark = theme === "dark";
    const { dataset, classList } = document.body;
    dataset.jpThemeLight = String(!isDark);
    dataset.jpThemeName = isDark ? "JupyterLab Dark" : "JupyterLab Light";
    classList.toggle("theme-dark", isDark);
    classList.toggle("theme-light", !isDark);
    document.documentElement.style.colorScheme = theme;
    const sheets = document.querySelectorAll('link[href*="static/theme-"]');
    for (const sheet of /** @type {NodeListOf<HTMLLinkElement>} */ (sheets)) {
      sheet.media = sheet.href.includes(`theme-${theme}`) ? "all" : "not all";
    }
    name(isDark);
  };
  button.addEventListener("click", () => {
    const theme = document.body.dataset.jpThemeLight === "true" ? "dark" : "light";
    remember(theme);
    show(theme);
  });

  // The kernel may be slow, hang, or have ended: then no panel comes, and nothing else says so.
  const LATE = 45_000; // milliseconds since it was asked; on a busy machine the panel takes 30 s
  /** @param {string} text */
  const tell = (text) => {
    const notice = document.getElementById("notice");
    const words = notice?.querySelector("p");
    if (!notice || !words) return;
    words.textContent = text;
    notice.hidden = !text;
  };
  const late = setTimeout(() => {
    tell(
      "The studio takes longer than usual to start. You can wait, or load the page again. " +
        "If that does not help, end the studio in the terminal in which it was started, and " +
        "start it again.",
    );
  }, LATE);
  document.addEventListener("kernel-ended", () => {
    clearTimeout(late);
    document.getElementById("loading")?.remove();
    tell("The studio cannot start. The terminal in which it was started says why.");
  });

  const observer = new MutationObserver(() => {
    const place = document.querySelector(".mls-header-more");
    if (!place) return;
    observer.disconnect();
    place.append(button);
    clearTimeout(late);
    tell("");
  });
  observer.observe(document.body, { childList: true, subtree: true });

  prefersDark.addEventListener("change", () => show());
  show();

  // The kernel with the models in it ends when its last page is closed. Voila says so, too, but
  // only from some seconds after the page was drawn.
  addEventListener("pagehide", () => {
    const told = document.getElementById("jupyter-config-data")?.textContent;
    const { baseUrl, kernelId } = told ? JSON.parse(told) : {};
    if (kernelId) navigator.sendBeacon(`${baseUrl}voila/api/shutdown/${kernelId}`);
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload(); // out of the browser's own cache: its kernel may be gone
  });
})();

// Long names in tables break between their words, and figures nowhere. What is copied of them stays whole.
for (const cell of document.querySelectorAll(".tsd-typography td")) {
  const texts = [];
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    const words = text.data.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[._:/,({-])(?=[A-Za-z_])/);
    if (words.length < 2) continue;
    text.replaceWith(
      ...words.flatMap((word, n) => (n === 0 ? [word] : [document.createElement("wbr"), word])),
    );
  }
}

// Chooses a version, where there are several.
const base = document.documentElement.dataset.base;
const own = new URL(base, location.href);
// From a disk there is no asking: one version is shown.
const versions =
  own.protocol === "file:"
    ? Promise.resolve([])
    : fetch(new URL("../versions.json", own)).then((answer) => answer.json());
versions
  .then((found) => {
    if (found.length < 2) return;
    const select = document.createElement("select");
    select.className = "site-version";
    select.setAttribute("aria-label", "Version");
    for (const version of found) {
      const isOwn = own.pathname.endsWith(`/${version}/`);
      select.append(new Option(version, version, isOwn, isOwn));
    }
    select.addEventListener("change", () => location.assign(new URL(`../${select.value}/`, own)));
    document.querySelector("#tsd-toolbar-links")?.prepend(select);
  })
  .catch(() => undefined);

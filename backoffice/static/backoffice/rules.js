// The form of a rule: a choice that changes what else is asked draws the conditions anew. Without this script the buttons do it.
"use strict";
(() => {
  const form = document.getElementById("rule-writing");
  if (!form) return;
  let latest = 0;
  let timer = 0;

  // Conditions are replaced only where the choice asks for it: nobody's typing is taken away while he types.
  const draw = async (parts, focused) => {
    const mine = ++latest;
    const data = new FormData(form);
    data.set("do", "preview");
    const answer = await fetch(form.action, { method: "POST", body: data, credentials: "same-origin" });
    if (!answer.ok || mine !== latest) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of parts) {
      const fresh = page.getElementById(id);
      if (fresh) document.getElementById(id).replaceWith(fresh);
    }
    if (focused) form.elements[focused]?.focus();
  };

  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-redraw]")) draw(["conditions", "preview"], event.target.name);
  });
  form.addEventListener("input", (event) => {
    if (!event.target.name?.startsWith("t.")) return;
    clearTimeout(timer);
    timer = setTimeout(() => draw(["preview"]), 600);
  });
})();

/* The page that asks for a freeze: the condition that was just chosen can be typed at once, and what the button does is said anew
   when the reader chooses to start alone. The server says the same once the form was sent. */
"use strict";

(function () {
  // The attribute alone waits for the first drawing of the page and is dropped where anything had the focus before.
  document.querySelector("#condition [autofocus]")?.focus();

  const choice = document.querySelector("[name=alone_for]");
  if (!choice) return;

  function say() {
    document.querySelectorAll("[data-alone]").forEach((one) => {
      one.textContent = choice.value ? one.dataset.alone : one.dataset.asking;
    });
  }

  choice.addEventListener("change", say);
  say();
})();

/* The page that asks for a freeze: what the button does is said anew when the reader chooses to start alone. The server says the same
   once the form was sent. */
"use strict";

(function () {
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

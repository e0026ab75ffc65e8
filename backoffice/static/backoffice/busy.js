/* A form is sent once. A file of a million numbers takes the server a while: the button shows that it works, and a second click sends
   nothing. */
"use strict";

(function () {
  const forms = document.querySelectorAll("form.hf-form");

  function rest(form) {
    form.removeAttribute("aria-busy");
  }

  forms.forEach((form) => {
    form.addEventListener("submit", (event) => {
      if (form.getAttribute("aria-busy")) event.preventDefault();
      form.setAttribute("aria-busy", "true");
    });
  });
  // Back from the next page: the form is shown as it was left.
  window.addEventListener("pageshow", () => forms.forEach(rest));
})();

/* The review page: keys, and the countdown of the time for which an order is kept. Everything works without it, by forms. */
"use strict";

(function () {
  const RENEW_EVERY = 60; // seconds
  const AWAY_AFTER = 600; // seconds without a key or a move: then the time runs out by itself
  const page = document.getElementById("review");
  if (!page) return;

  /* Keys: a button, a menu or a field says its own in data-key or data-focus. */
  function isTyping(target) {
    return target.closest("input, textarea, select, [contenteditable]") !== null;
  }

  function find(attribute, key) {
    return Array.from(page.querySelectorAll(`[${attribute}]`)).find((one) => one.getAttribute(attribute) === key);
  }

  function closeMenus() {
    page.querySelectorAll("details[open]").forEach((menu) => { menu.open = false; });
  }

  function press(one) {
    if (one.tagName === "SUMMARY") {
      const menu = one.parentElement;
      const wasOpen = menu.open;
      closeMenus();
      menu.open = !wasOpen;
      const field = menu.querySelector("select, input:not([type=hidden])");
      if (menu.open && field) field.focus();
    } else {
      one.click();
    }
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      closeMenus();
      if (page.contains(document.activeElement)) document.activeElement.blur();
      return;
    }
    if (event.key === "Enter" && event.ctrlKey && event.target.tagName === "TEXTAREA") {
      const button = event.target.form.querySelector("button[type=submit]");
      if (button) button.focus();
      event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
    const field = find("data-focus", event.key);
    const button = find("data-key", event.key);
    if (field) field.focus();
    else if (button && !button.disabled) press(button);
    else return;
    event.preventDefault();
  });

  const help = page.querySelector("[data-help]");
  const keys = document.getElementById("keys");
  if (help && keys) {
    help.addEventListener("click", () => {
      keys.hidden = !keys.hidden;
      help.setAttribute("aria-expanded", String(!keys.hidden));
    });
  }

  /* A decision is sent once, however often the key is pressed. */
  let sent = false;
  page.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
    window.addEventListener("pageshow", () => { sent = false; }, { once: true });
  });

  /* The countdown. */
  const clock = document.getElementById("countdown");
  const lost = document.getElementById("lease-lost");
  if (page.dataset.holder !== "mine" || !clock) return;
  let endsAt = Date.now() + 1000 * Number(page.dataset.seconds);
  let seenAt = Date.now();
  let renewedAt = Date.now();
  let isOver = false;
  ["keydown", "pointermove", "scroll", "focus"].forEach((name) => {
    window.addEventListener(name, () => { seenAt = Date.now(); }, { passive: true, capture: true });
  });

  function say(text) {
    lost.textContent = text;
    lost.hidden = text === "";
  }

  function end(text) {
    isOver = true;
    say(text);
    clock.textContent = "0:00";
    clock.classList.add("hf-late");
    page.querySelectorAll("#decide .hf-quick button, #decide .hf-own-words button").forEach((button) => { button.disabled = true; });
  }

  async function renew() {
    renewedAt = Date.now();
    const body = new FormData();
    body.append("csrfmiddlewaretoken", page.querySelector("[name=csrfmiddlewaretoken]").value);
    try {
      const answer = await fetch(page.dataset.renew, { method: "POST", body, credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      const told = await answer.json();
      if (told.lost) end(told.lost);
      else {
        endsAt = Date.now() + 1000 * told.seconds;
        say("");
      }
    } catch (error) {
      say(page.dataset.unsure);
    }
  }

  function tick() {
    if (isOver) return;
    const left = Math.max(0, Math.ceil((endsAt - Date.now()) / 1000));
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    clock.classList.toggle("hf-late", left < 120);
    const isHere = !document.hidden && Date.now() - seenAt < 1000 * AWAY_AFTER;
    if (left === 0) end(page.dataset.lost);
    else if (isHere && Date.now() - renewedAt > 1000 * RENEW_EVERY) renew();
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden && !isOver) renew(); });
  tick();
  window.setInterval(tick, 1000);
})();

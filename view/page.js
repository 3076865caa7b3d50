// Of the page that has nothing but the element: its title says how the stack does.

import "./element.js";

const element = document.querySelector("ailtire-stack");
element.addEventListener("statuschange", ({ detail }) => {
  document.title = detail.name ? `${detail.name} · ${detail.status}` : "ailtire";
});

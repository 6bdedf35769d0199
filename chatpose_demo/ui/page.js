() => {
  // Gradio's 3D canvas and follow-ups have no name, and chips are plain text: give them roles.
  const tidy = () => {
    const canvas = document.querySelector("#viewer canvas");
    if (canvas && !canvas.hasAttribute("aria-label")) {
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", "3D body; drag to turn it, scroll to zoom");
    }
    for (const row of document.querySelectorAll("#chat .options:not([role])")) {
      row.setAttribute("role", "group");
      row.setAttribute("aria-label", "Ask next");
    }
    for (const chip of document.querySelectorAll("#chat .pose-chip:not([role])")) {
      chip.setAttribute("role", "button");
      chip.setAttribute("tabindex", "0");
    }
  };
  new MutationObserver(tidy).observe(document.body, { childList: true, subtree: true });
  tidy();

  const showBodyOf = (event) => {
    const chip = event.target.closest?.("#chat .pose-chip");
    const number = chip && parseInt(chip.textContent.replace(/\D/g, ""), 10);
    if (!number) return;
    event.preventDefault();
    event.stopPropagation();
    document.querySelectorAll("#bodies button.thumbnail-item")[number - 1]?.click();
  };
  document.addEventListener("click", showBodyOf, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") showBodyOf(event);
  }, true);
}

// 写しのボタン — copies the text of the field that data-copy names. Without this script there is no button:
// the field is selected whole and copied by hand.
"use strict";

for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const said = button.nextElementSibling;
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = "写しました。";
    } catch {  // no permission, or a page that is not reached by https
      said.textContent = document.execCommand("copy") ? "写しました。" : "選んであります。キーボードで写してください。";
    }
  });
}

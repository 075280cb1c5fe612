// 時計 — how long ago, counted on while the page stays open. Without this script the time of reading stands there.
"use strict";

const lasting = (seconds) => {
  const minutes = Math.max(0, Math.floor(seconds / 60)), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  const parts = days ? [[days, "日"], [hours % 24, "時間"]] : [[hours, "時間"], [minutes % 60, "分"]];
  return parts.filter(([number]) => number).map(([number, unit]) => number + unit).join("") || "0分";
};

setInterval(() => {
  for (const time of document.querySelectorAll("time[data-since]")) {
    const words = lasting(Date.now() / 1000 - Number(time.dataset.since));
    if (time.textContent !== words) time.textContent = words;
  }
}, 5000);

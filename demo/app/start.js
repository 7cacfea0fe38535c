// The start page works without this. It fills in the address that the page was opened at, and lets one copy it.

document.getElementById('fhir-base').textContent = `${location.origin}/fhir`;
for (const place of document.querySelectorAll('[data-origin]')) place.textContent = location.origin;

for (const button of document.querySelectorAll('[data-copy]')) {
  const label = button.textContent;
  button.hidden = navigator.clipboard === undefined; // browsers offer the clipboard to https and localhost only
  button.addEventListener('click', async () => {
    const text = document.getElementById(button.dataset.copy).textContent.trim();
    const copied = await navigator.clipboard.writeText(text).then(() => true, () => false);
    button.textContent = copied ? 'Copied' : 'Press Ctrl+C';
    setTimeout(() => { button.textContent = label; }, 1800);
  });
}

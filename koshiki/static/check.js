// The form of これは公式ですか: asks in the browser and fills in the words that the page brought along.

const form = document.querySelector('form[data-check]')
const { top, home } = form.dataset
const place = document.getElementById('answer-place')
const said = document.getElementById('said')
let asking = null

form.addEventListener('submit', async event => {
  event.preventDefault()
  const asked = form.elements.q.value.trim()
  try {
    show(asked ? await (await asker())(asked) : null)
  } catch {
    asking = null
    show({ verdict: 'away', accounts: [], host: '', day: '', closed: '' })
  }
})
form.elements.q.addEventListener('focus', () => asker().catch(() => { asking = null }), { once: true })

// The index is fetched at the first use, and the same however it is used.
function asker() {
  return asking ||= import('./asking.js').then(module => module.asker(top))
}

function show(answer) {
  place.replaceChildren()
  said.textContent = ''
  if (!answer) return
  const words = document.getElementById(`verdict-${answer.verdict}`).content.cloneNode(true)
  fill(words, '[data-host]', answer.host, (part, host) => { part.querySelector('bdi').textContent = host })
  fill(words, '[data-day]', answer.day, (part, day) => linkToDay(part.querySelector('a'), day))
  fill(words, '[data-closed]', answer.closed, (part, day) => dated(part.querySelector('time'), day))
  fill(words, '[data-accounts]', answer.accounts.length, part => part.querySelector('ul').append(...answer.accounts.map(item)))
  const title = words.querySelector('.notice-title').textContent
  place.append(document.getElementById('answer-heading').content.cloneNode(true), words)
  said.textContent = title
  place.scrollIntoView({ block: 'nearest' })
}

function fill(words, selector, value, how) {
  const part = words.querySelector(selector)
  if (!part || !value) return
  part.hidden = false
  how(part, value)
}

function linkToDay(link, day) {
  link.href = `${home}feed/${day}.html`
  dated(link.querySelector('time'), day)
}

function dated(time, day) {
  const language = document.documentElement.lang === 'ja' ? 'ja-JP-u-ca-japanese' : document.documentElement.lang
  time.dateTime = day
  time.textContent = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`))
}

function item(account) {
  const row = document.getElementById('to-compare').content.cloneNode(true)
  const link = row.querySelector('a')
  link.href = `${home}accounts/${account.number}/`
  link.textContent = account.name
  row.querySelector('[data-service]').textContent = account.services[document.documentElement.lang === 'ja' ? 0 : 1]
  row.querySelector('[data-waiting]').hidden = account.official
  row.querySelector('.mono').textContent = account.address
  return row
}

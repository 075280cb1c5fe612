// Looks through the register while somebody types, in the browser: the index is small, and no server is asked.

const form = document.querySelector('form[data-search]')
const { top, home } = form.dataset
const [field, list, heading, all, status] =
  ['find', 'matches', 'matches-title', 'all', 'found'].map(id => document.getElementById(id))
const SHOWN = 30
const language = document.documentElement.lang === 'ja' ? 0 : 1
let accounts = null
let telling = 0

// As people type it: without spaces, widths, letter case, and in either kana.
const folded = text => text.normalize('NFKC').toLowerCase().replace(/\s/g, '')
  .replace(/[\u30a1-\u30f6]/g, kana => String.fromCharCode(kana.charCodeAt(0) - 0x60))

form.addEventListener('submit', event => { event.preventDefault(); look() })
field.addEventListener('input', event => { if (!event.isComposing) look() })
field.addEventListener('compositionend', look)
load()

async function load() {
  try {
    accounts = rowsOf(await index())
    look()
  } catch {
    form.hidden = true // the list below is whole without it
  }
}

// Compressed by us, since not every web server does it; as it is, for browsers that can't unpack.
async function index() {
  const unpacks = 'DecompressionStream' in window
  const response = await fetch(`${top}${unpacks ? 'search.bin' : 'search.json'}`)
  if (!response.ok) throw new Error(response.status)
  return unpacks ? new Response(response.body.pipeThrough(new DecompressionStream('gzip'))).json() : response.json()
}

function rowsOf(index) {
  return index.accounts.map(([number, service, division, name, handle, official]) => {
    const [services, divisions] = [index.services[service], index.divisions[division]]
    const words = folded([name, handle, ...services, ...divisions].join('\n'))
    return { number, service: services[language], division: divisions[language], name, handle, official, words,
      start: folded(name) }
  })
}

function look() {
  if (!accounts) return
  const wanted = field.value.split(/\s+/).map(folded).filter(Boolean)
  const found = wanted.length ? accounts.filter(account => wanted.every(word => account.words.includes(word))) : []
  const first = found.filter(account => account.start.startsWith(wanted[0]))
  const rest = found.filter(account => !account.start.startsWith(wanted[0]))
  all.hidden = wanted.length > 0
  heading.hidden = found.length === 0
  list.replaceChildren(...[...first, ...rest].slice(0, SHOWN).map(card))
  tell(wanted.length ? words(found.length) : '')
}

function words(number) {
  const { none, one, many, some } = status.dataset
  const text = number === 0 ? none : number === 1 ? one : number > SHOWN ? some : many
  return text.replace('{number}', number).replace('{shown}', SHOWN)
}

// A screen reader hears how many when the typing pauses, not at every letter.
function tell(text) {
  clearTimeout(telling)
  telling = setTimeout(() => { status.textContent = text }, text ? 300 : 0)
}

function card(account) {
  const part = document.getElementById('match').content.cloneNode(true)
  const link = part.querySelector('a')
  link.href = `${home}accounts/${account.number}/`
  link.textContent = account.name
  part.querySelector('[data-waiting]').hidden = Boolean(account.official)
  part.querySelector('[data-service]').textContent = account.service
  part.querySelector('[data-division]').textContent = account.division
  part.querySelector('.mono').textContent = account.handle
  return part
}

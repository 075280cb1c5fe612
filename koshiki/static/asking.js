// これは公式ですか, answered in the browser as public/official.py answers on the server. What was pasted is in no request:
// the index is fetched as a whole, whatever was asked (docs/decisions/check-in-the-browser.md).
import { lowered, reader } from './addresses.js'
import { sha256 } from './digest.js'

const DIGEST = 12

// `top` leads to the public address. Returns the function that answers a text with { verdict, accounts, host, day,
// closed }; `day` (YYYY-MM-DD) is that of a publication, whose page shows what was published; `closed` the day from
// which an account is the city's no longer.
export async function asker(top) {
  const index = await (await fetched(`${top}check.json`)).json()
  const accounts = index.accounts.map(([number, service, name, address, key, official, names]) =>
    ({ number, service, services: index.services[service], name, address, key, official: Boolean(official), names }))
  const read = reader(index.rules)
  const hosted = new Set(index.hosted)
  const grounds = new Set(index.grounds)
  const closed = new Map([...index.closed].reverse())
  let years = null

  async function answer(text) {
    const { kind, service, key, host } = read(text)
    const of = (verdict, found = [], more = {}) => ({ verdict, accounts: found.slice(0, index.shown), host: '', day: '', closed: '', ...more })
    if (kind === 'short') return of('short', [], { host })
    if (kind === 'name') return of('name', ofName(key))
    if (kind === 'none') return of('no_address', [], { host })
    const same = accounts.filter(account => key && account.key === key)
    const official = same.filter(account => account.official)
    if (same.length) return official.length ? of('official', official) : of('listed', same)
    const ofService = accounts.filter(account => service && account.service === service)
    if (key && closed.has(key)) return of('closed', ofService, { closed: closed.get(key) })
    const day = key && grounds.has(hosted.has(service) ? service : host) ? await publishedOn(key) : ''
    if (day) return of('published', [], { day })
    return of(kind === 'post' ? 'unknown_post' : 'not_listed', ofService, { host })
  }

  function ofName(key) {
    const wanted = folded(key.split('@', 1)[0])
    if (!wanted) return []
    return accounts.filter(account => account.names.some(name => name.includes(wanted) || wanted.includes(name)))
  }

  async function publishedOn(key) {
    years ||= await Promise.all(index.years.map(async year =>
      [year, new DataView(await (await fetched(`${top}check/${year}.bin`)).arrayBuffer())]))
    const wanted = sha256(key).slice(0, DIGEST)
    for (const [year, digests] of years) {
      const day = dayOf(wanted, digests)
      if (day !== null) return new Date(Date.UTC(year, 0, 1 + day)).toISOString().slice(0, 10)
    }
    return ''
  }

  return answer
}

export const folded = name => lowered(name.normalize('NFKC').replace(/[ \t\r\n\u00a0\u3000]/g, ''))

async function fetched(address) {
  const response = await fetch(address, { credentials: 'omit' })
  if (!response.ok) throw new Error(`${address}: ${response.status}`)
  return response
}

function dayOf(wanted, digests) {
  for (let at = 0; at < digests.byteLength;) {
    const [day, number] = [digests.getUint16(at), digests.getUint16(at + 2)]
    at += 4
    for (const end = at + number * DIGEST; at < end; at += DIGEST)
      if (wanted.every((byte, n) => digests.getUint8(at + n) === byte)) return day
  }
  return null
}

// Reads the address of an account or a post, as people paste it. The rules are data (networks/address_rules.py);
// this interprets them step by step as networks/addresses.py does. Whoever changes one changes both:
// tests/public/test_two_readers.py holds them to each other.

export function reader(rules) {
  const expressions = new Map()
  const known = new Map(rules.services.flatMap(service => service.hosts.map(host => [host, service])))
  const shorteners = new Set(rules.shorteners)
  const unreadable = new RegExp(rules.unreadable, 'u')
  const allUnreadable = new RegExp(rules.unreadable, 'gu')
  const blank = new RegExp(rules.blank)
  const around = new Set(rules.around)
  const nothing = { kind: 'none', service: '', key: '', host: '' }

  function fully(pattern, text) {
    if (!expressions.has(pattern)) expressions.set(pattern, new RegExp(`^(?:${pattern})$`, 'i'))
    return expressions.get(pattern).exec(text)
  }

  const whole = (rule, text) => fully(rules[rule], text)
  const address = (kind, service, key, host) => ({ kind, service, key, host })

  function read(text) {
    if ([...text].length > rules.longest) return nothing
    const plain = stripped(text.replace(allUnreadable, '').normalize('NFKC')).replaceAll('\\', '/')
    if (!plain || whole('opens_no_page', plain)) return nothing
    const strange = unreadable.test(text)
    const handle = !strange && whole('handle', plain)
    if (handle) return fediverse(handle[1], handle[2])
    if (!looksLikeAddress(plain)) return address('name', '', lowered(plain.replace(/^@/, '')), '')
    return strange || blank.test(plain) ? nothing : readAddress(plain)
  }

  function stripped(text) {
    let from = 0, to = text.length
    while (from < to && around.has(text[from])) from++
    while (to > from && around.has(text[to - 1])) to--
    return text.slice(from, to)
  }

  function looksLikeAddress(text) {
    if (text.includes('://') || text.startsWith('//')) return true
    return !text.startsWith('@') && whole('address', text.split(/[/?#]/, 1)[0]) !== null
  }

  function readAddress(text) {
    const told = whole('told', text) !== null
    const parts = whole('parts', told ? text : 'https://' + text.replace(/^\/+/, ''))
    if (!parts) return nothing
    const [scheme, authority, path, query, fragment] = parts.slice(1).map(part => part || '')
    const [host, port] = hostOf(authority.slice(authority.lastIndexOf('@') + 1), told ? lowered(scheme) : '')
    if (!Object.hasOwn(rules.schemes, lowered(scheme)) || !host) return nothing
    if (isShort(host)) return address('short', '', '', host)
    const plain = pathOf(path)
    if (authority.includes('@') || plain === null || (port && known.has(host)))
      return address('account', known.has(host) ? known.get(host).service : '', '', host)
    return known.has(host) ? onService(known.get(host), host, plain, parametersOf(query))
      : elsewhere(port ? `${host}:${port}` : host, plain, parametersOf(query), fragment)
  }

  function onService(service, host, path, parameters) {
    for (const row of service.rows) {
      const found = matched(row, path, parameters, service.drop || '', host)
      if (found === null || (row.kind === 'account' && service.not_accounts.includes(found))) continue
      if (row.kind === 'short') return address('short', service.service, '', host)
      return address(row.kind, service.service, `${service.service}:${row.kind === 'post' ? 'post/' : ''}${found}`, host)
    }
    return address('none', service.service, '', host)
  }

  // A host of anybody's: a server of the Mastodon API by its paths, else a site, whose page is its key.
  function elsewhere(host, path, parameters, fragment) {
    const service = rules.elsewhere.service
    for (const row of rules.elsewhere.rows) {
      const found = matched(row, path, parameters, '', host)
      if (found !== null) return address(row.kind, service, `${service}:${found}`, host)
    }
    const kept = [...parameters].filter(([name]) => !whole('tracking', name))
    if (kept.some(([, value]) => value === null)) return address('account', '', '', host)
    const asked = kept.map(([name, value]) => `${name}=${value}`).sort(byCodePoint).join('&')
    const key = `web:${host}${path.replace(/\/+$/, '')}` + (asked ? `?${asked}` : '')
    if (whole('feed_anchor', fragment)) return address('post', 'city_feed', `${key}#${lowered(fragment)}`, host)
    return address('account', '', key, host)
  }

  function matched(row, path, parameters, drop, host) {
    const match = fully(row.path, path)
    const values = new Map((row.query || []).map(name => [name, parameters.get(name) || '']))
    if (!match || ![...values.values()].every(value => whole('value', value))) return null
    match.slice(1).forEach((group, n) => values.set(String(n + 1), group))
    values.set('host', host)
    let found = row.id.replace(/\{(\w+)\}/g, (_, name) => values.get(name))
    if (row.kind === 'account' && drop) found = found.replaceAll(drop, '')
    return row.case ? found : lowered(found)
  }

  function fediverse(name, typedHost) {
    let [host, port] = hostOf(typedHost, 'https')
    if (!host || !host.includes('.') || known.has(host) || isShort(host))
      return address('name', '', lowered(`${name}@${typedHost}`), '')
    if (port) host += `:${port}`
    return address('account', 'mastodon', `mastodon:${host}/@${lowered(name)}`, host)
  }

  function isShort(host) {
    const labels = host.split('.')
    return labels.slice(1).some((_, place) => shorteners.has(labels.slice(place).join('.')))
  }

  // Host in lower case and punycode, and the port if it is not the usual one; empty if it is no host.
  function hostOf(authority, scheme) {
    const match = whole('authority', authority)
    if (!match) return ['', '']
    const named = lowered(match[1]).normalize('NFKC').replaceAll('\u3002', '.').replace(/\.$/, '')
    const host = named.split('.').map(label => isAscii(label) ? label : 'xn--' + punycode(label)).join('.')
    const port = (match[2] || '').replace(/^0+/, '')
    const usual = scheme ? [rules.schemes[scheme]] : Object.values(rules.schemes)
    return [whole('host', host) ? host : '', usual.includes(port) ? '' : port]
  }

  function pathOf(path) {
    const plain = whole('deceiving', path) ? null : decoded(path)
    if (plain === null || plain.split('/').some(segment => segment === '.' || segment === '..')) return null
    return plain.normalize('NFC').replace(/\/{2,}/g, '/').replace(/\/+$/, '') || '/'
  }

  function parametersOf(query) {
    const found = new Map()
    for (const pair of query.split('&')) {
      const [name, ...rest] = pair.replaceAll('+', ' ').split('=')
      const value = rest.join('=')
      if (value) found.set(decoded(name) || name, decoded(value))
    }
    return found
  }

  function decoded(text) {
    try {
      const found = whole('no_encoding', text) ? null : decodeURIComponent(text)
      return found === null || unreadable.test(found) || blank.test(found.replaceAll(' ', '')) ? null : found
    } catch {
      return null
    }
  }

  return read
}

export const lowered = text => Array.from(text, letter => letter.toLowerCase()).join('')

const isAscii = text => /^[\x00-\x7f]*$/.test(text)

function byCodePoint(one, other) {
  const [a, b] = [Array.from(one, letter => letter.codePointAt(0)), Array.from(other, letter => letter.codePointAt(0))]
  for (let n = 0; n < Math.min(a.length, b.length); n++) if (a[n] !== b[n]) return a[n] - b[n]
  return a.length - b.length
}

// RFC 3492, section 6.3.
export function punycode(label) {
  const points = Array.from(label, letter => letter.codePointAt(0))
  const basic = points.filter(point => point < 128)
  let output = String.fromCodePoint(...basic) + (basic.length ? '-' : '')
  let n = 128, delta = 0, bias = 72
  for (let handled = basic.length; handled < points.length; n++, delta++) {
    const next = Math.min(...points.filter(point => point >= n))
    delta += (next - n) * (handled + 1)
    n = next
    for (const point of points) {
      if (point < n) delta++
      if (point !== n) continue
      output += variableLength(delta, bias)
      bias = adapted(delta, handled + 1, handled === basic.length)
      delta = 0
      handled++
    }
  }
  return output
}

function variableLength(delta, bias) {
  let output = ''
  for (let k = 36; ; k += 36) {
    const threshold = Math.min(Math.max(k - bias, 1), 26)
    if (delta < threshold) return output + digit(delta)
    output += digit(threshold + (delta - threshold) % (36 - threshold))
    delta = Math.floor((delta - threshold) / (36 - threshold))
  }
}

const digit = value => String.fromCharCode(value + (value < 26 ? 97 : 22))

function adapted(delta, points, first) {
  delta = Math.floor(delta / (first ? 700 : 2))
  delta += Math.floor(delta / points)
  let k = 0
  for (; delta > 455; k += 36) delta = Math.floor(delta / 35)
  return k + Math.floor(36 * delta / (delta + 38))
}

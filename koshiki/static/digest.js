// SHA-256 (FIPS 180-4). The browser's own is only there where pages come by https, which a closed network may not have.

const fraction = root => Math.floor((root - Math.floor(root)) * 2 ** 32)
const primes = Array.from({ length: 312 }, (_, n) => n).filter(n => n > 1 && !primeFactorOf(n))
const ROUND = Uint32Array.from(primes.slice(0, 64), prime => fraction(Math.cbrt(prime)))
const START = Uint32Array.from(primes.slice(0, 8), prime => fraction(Math.sqrt(prime)))

function primeFactorOf(n) {
  for (let factor = 2; factor * factor <= n; factor++) if (n % factor === 0) return factor
  return 0
}

const turned = (word, by) => (word >>> by) | (word << (32 - by))

export function sha256(text) {
  const blocks = padded(new TextEncoder().encode(text))
  const state = START.slice()
  for (let from = 0; from < blocks.byteLength; from += 64) mix(state, scheduled(blocks, from))
  const digest = new DataView(new ArrayBuffer(32))
  state.forEach((word, n) => digest.setUint32(4 * n, word))
  return new Uint8Array(digest.buffer)
}

function padded(bytes) {
  const blocks = new DataView(new ArrayBuffer(Math.ceil((bytes.length + 9) / 64) * 64))
  new Uint8Array(blocks.buffer).set(bytes)
  blocks.setUint8(bytes.length, 0x80)
  blocks.setUint32(blocks.byteLength - 4, bytes.length * 8)
  return blocks
}

function scheduled(blocks, from) {
  const words = new Uint32Array(64)
  for (let n = 0; n < 16; n++) words[n] = blocks.getUint32(from + 4 * n)
  for (let n = 16; n < 64; n++) {
    const [late, early] = [words[n - 2], words[n - 15]]
    words[n] = words[n - 16] + words[n - 7] + (turned(late, 17) ^ turned(late, 19) ^ (late >>> 10))
      + (turned(early, 7) ^ turned(early, 18) ^ (early >>> 3))
  }
  return words
}

function mix(state, words) {
  let [a, b, c, d, e, f, g, h] = state
  for (let n = 0; n < 64; n++) {
    const one = h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[n] + words[n]
    const two = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) >>> 0, c, b, a, (one + two) >>> 0]
  }
  [a, b, c, d, e, f, g, h].forEach((word, n) => { state[n] += word })
}

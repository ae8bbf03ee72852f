/** Times of `readRequest` on the inputs that cost it most: every one is bounded, and stays under 50 ms. */
import { readRequest } from '../app/request/read.ts'

const limit = 65_536
const good = `apiVersion: gitsudo.dev/v1\nkind: AccessRequest\nspec: {requester: alice, provider: mock, role: r, scope: s, duration: 1h, reason: x}\n`
const fill = (part: string) =>
  part
    .repeat(Math.ceil(limit / Buffer.byteLength(part)))
    .slice(0, Math.floor(limit / Buffer.byteLength(part)) * part.length)
const inputs: readonly (readonly [string, string | Uint8Array])[] = [
  ['a good file', good],
  ['10 MB', new Uint8Array(10_000_000)],
  ['100,000 brackets', '['.repeat(100_000)],
  ['64 KiB of [', fill('[')],
  ['64 KiB of {a: ', fill('{a: ')],
  ['64 KiB of "- "', fill('- ')],
  ['64 KiB of "? "', fill('? ')],
  ['32 brackets, then entries', '['.repeat(30) + fill('a, ').slice(64)],
  ['flow pairs', `[${fill('a: b, ').slice(8)}]`],
  ['nested flow pairs', fill(`${'['.repeat(30)}a: b${']: c'.repeat(30)}\n`)],
  ['block keys', fill('a:\n')],
  [
    'distinct unknown keys',
    Array.from({ length: 7_000 }, (_, i) => `k${i}: 1`)
      .join('\n')
      .slice(0, limit),
  ],
  [
    'unknown keys within the limit of values',
    Array.from({ length: 490 }, (_, i) => `${'k'.repeat(100)}${i}: 1`).join('\n'),
  ],
  ['duplicate keys', fill('a: 1\n')],
  ['an alias bomb', `a: &a x\nb: [${fill('*a, ').slice(64)}]`],
  ['anchors and tags on lines', fill('&a\n!b\n')],
  ['anchors before flow', fill('- &a !b\n  [x]\n')],
  ['explicit keys', fill('? [a]\n')],
  ['lines of text', fill('a\n')],
  ['an open quote', `a: "${fill('\n').slice(16)}`],
  ['an open quote in 8 KiB', `${good}${'# x\n'.repeat(1_900)}a: "`],
  ['an open bracket in 8 KiB', `a: [${'x,\n '.repeat(1_900)}`],
  ['lines that cannot be read', fill('a: b: c\n')],
  ['tabs', fill('a:\n\tb: 1\n')],
  ['empty quotes', fill("''")],
  ['escapes', `a: "${fill('\\u0041').slice(16)}"`],
  ['a literal block', `a: |\n${fill('  x\n').slice(16)}`],
  ['a folded block', `a: >\n${fill('  x\n\n').slice(16)}`],
  ['a long number', `a: ${fill('9').slice(16)}`],
  ['a long sexagesimal', `a: 1${fill(':59').slice(32)}x`],
  ['a long name', `${fill('a').slice(16)}: b`],
  ['a long login', good.replace('alice', fill('a').slice(256))],
  ['a long duration', good.replace('1h', `${fill('9').slice(256)}h`)],
  ['NUL', fill('\0')],
  ['NUL now and then', fill('aaa\0')],
  ['bidirectional overrides', fill('a\u202e')],
  ['byte order marks on lines', fill('\ufeff\n')],
  ['Latin-1', new Uint8Array(limit).fill(0xe9)],
  ['a bad byte at the end', new Uint8Array(limit).fill(97).with(limit - 1, 0xff)],
  ['line ends', fill('\r\n')],
  ['comments', fill('#\n')],
  ['documents', fill('---\na: b\n')],
  ['document marks', fill('---\n')],
]

let slowest = 0
for (const [name, input] of inputs) {
  const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input
  const runs = Array.from({ length: 5 }, () => {
    const start = performance.now()
    const reading = readRequest(bytes, 'requests/2026/12/bench.yaml')
    return { ms: performance.now() - start, said: reading.ok ? 'accepted' : (reading.faults[0]?.code ?? '') }
  })
  const first = runs[0]?.ms ?? 0
  const median = runs.map(({ ms }) => ms).toSorted((a, b) => a - b)[2] ?? 0
  slowest = Math.max(slowest, median)
  console.log(
    `${name.padEnd(42)} ${median.toFixed(1).padStart(6)} ms  first ${first.toFixed(1).padStart(6)} ms  ${runs[0]?.said}`,
  )
}
console.log(`slowest ${slowest.toFixed(1)} ms, limit 50 ms`)
if (slowest >= 50) process.exitCode = 1

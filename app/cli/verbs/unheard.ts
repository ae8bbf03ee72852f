import { Failure } from '../failure.ts'
import type { Args } from '../verb.ts'

/** What only some of what `audit verify` takes can answer. */
const heard = {
  proof: ['key'],
  'consistency proof': ['key', 'witness'],
  segment: ['key'],
  export: [
    ...['key', 'repository', 'witness', 'repo', 'branch', 'token', 'app', 'api-url'],
    ...['from-backup', 'grant-window', 'offline', 'state-dir'],
  ],
} as const
const hints = {
  'consistency proof': 'it is checked with --key, and with --witness for the older checkpoint',
  proof: 'a proof is checked with --key alone; an export or the database can be compared with more',
  segment: 'segments are checked with --key alone; an export or the database can be compared with more',
  export: 'an export is verified whole, as it lies there; leave it out, or name the database',
} as const

/** Refuses an option that would be passed over, and look as if it had been obeyed. */
export function refuseUnheard(args: Args, what: keyof typeof heard): void {
  const known: readonly string[] = heard[what]
  const given = Object.entries(args.options).filter(([, value]) =>
    Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false,
  )
  for (const [name] of given) {
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    if (flag !== 'output' && !known.includes(flag))
      throw new Failure(
        'usage',
        `--${flag} is not for ${what === 'export' ? 'an' : 'a'} ${what}.`,
        hints[what],
      )
  }
}

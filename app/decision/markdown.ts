import { listed } from '../request/listed.ts'
import { escapeUnseen } from '../request/quote.ts'
import type { Outcome, Requirement, Verdict } from './decision.ts'

export const icons: Readonly<Record<Outcome | Verdict, string>> = {
  met: '✅',
  unmet: '❌',
  waiting: '⏳',
  unknown: '❔',
  passed: '✅',
  denied: '❌',
  action_required: '⏳',
  not_yet: '❔',
}

/** Who has to approve, and who has. */
export const approvals = (requirements: readonly Requirement[]): readonly string[] =>
  section(
    'Approvals',
    requirements.map(({ count, label, eligible, metBy, reason }) => {
      const why = reason === '' ? '' : ` (${safe(reason)})`
      const asked = eligible.length === 0 ? '' : `: ${people(eligible)}`
      const by = metBy.length === 0 ? 'nobody yet' : `approved by ${people(metBy)}`
      return `${icons[metBy.length >= count ? 'met' : 'waiting']} ${count} of ${safe(label)}${asked}${why}; ${by}`
    }),
  )

const people = (list: readonly { readonly login: string }[]): string =>
  safe(
    listed(
      list.map(({ login }) => login),
      100,
    ),
  )

export const section = (title: string, items: readonly string[]): readonly string[] =>
  items.length === 0 ? [] : [`**${title}**`, '', ...items.map((item) => `- ${item}`), '']

/**
 * Anybody's words as inert text on one line. Punctuation that means something is escaped, which takes care of
 * Markdown, HTML, math and bare links. GitHub looks for mentions and references (@login, owner/repo#1, GH-1) only
 * after Markdown, where an escape no longer shows, but never inside code: words that could be one become code, so
 * that an e-mail address can still be copied.
 */
export const safe = (text: string): string =>
  text
    .split(/\s/u)
    .map((word) => escapeUnseen(word))
    .filter((word) => word !== '')
    .map((word) =>
      reference.test(word) ? code(word) : word.replace(/[!#$&()*+\-.:<=>@[\\\]^_`{|}~]/g, '\\$&'),
    )
    .join(' ')

const reference = /[@#＠＃]|gh-\d/iu

/** A code span; its fence is longer than any run of backticks inside. */
export const code = (text: string): string => {
  const inside = escapeUnseen(text).trim()
  if (inside === '') return ''
  const longest = Math.max(0, ...(inside.match(/`+/g) ?? []).map(({ length }) => length))
  const fence = '`'.repeat(longest + 1)
  const pad = inside.startsWith('`') || inside.endsWith('`') ? ' ' : ''
  return `${fence}${pad}${inside}${pad}${fence}`
}

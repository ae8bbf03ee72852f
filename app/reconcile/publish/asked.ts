import type { Reviewers } from '../ports/github.ts'

/** Whom to ask, and the marks of reviews of theirs that count no longer. */
export type Ask = Reviewers & { readonly again: readonly string[] }

/**
 * Who was asked is kept by names that GitHub gives nobody: `bob`, `team:sre`; `bob#17` once more, after his review 17;
 * `bob!<head>` was refused at that head; `bob?` is being asked, and nobody has heard the answer.
 */
export const teamName = (slug: string): string => `team:${slug}`
export const reviewMark = (name: string, review: number): string => `${name}#${review}`
const refusalMark = (name: string, head: string): string => `${name}!${head}`
const askingMark = (name: string): string => `${name}?`

const namesOf = ({ users, teams }: Reviewers): readonly string[] => [...users, ...teams.map(teamName)]
const marksOf = (name: string, { again }: Ask): readonly string[] => [
  name,
  ...again.filter((mark) => mark.startsWith(`${name}#`)),
]

/** Whom to ask now: each once, and once more for a review that counts no longer; whom GitHub refused, at the next head. */
export const stillToAsk = (ask: Ask, asked: readonly string[], head: string): Reviewers => {
  const due = (name: string) =>
    !asked.includes(refusalMark(name, head)) && marksOf(name, ask).some((mark) => !asked.includes(mark))
  return { users: ask.users.filter(due), teams: ask.teams.filter((slug) => due(teamName(slug))) }
}

/** What is kept once `sent` were asked, of whom GitHub refused some. Refusals at other heads are forgotten. */
export const askedNow = (
  ask: Ask,
  asked: readonly string[],
  head: string,
  { sent, refused }: { readonly sent: Reviewers; readonly refused: Reviewers },
): readonly string[] => {
  const not = namesOf(refused)
  const taken = namesOf(sent).filter((name) => !not.includes(name))
  return [
    ...new Set([
      ...asked.filter((mark) => !mark.includes('!') || mark.endsWith(refusalMark('', head))),
      ...taken.flatMap((name) => marksOf(name, ask)),
      ...not.map((name) => refusalMark(name, head)),
    ]),
  ]
}

/** What is kept while `sent` are being asked. */
export const asking = (asked: readonly string[], sent: Reviewers): readonly string[] => [
  ...asked,
  ...namesOf(sent).map(askingMark),
]

export const isAsking = (asked: readonly string[]): boolean => asked.some((mark) => mark.endsWith('?'))

/**
 * What is kept of those who were being asked once GitHub says whom it asks now, and who has reviewed: that ends its
 * asking a person.
 */
export const askedBefore = (
  ask: Ask,
  asked: readonly string[],
  now: Reviewers,
  reviews: readonly { readonly id: number; readonly reviewer?: { readonly login: string } }[],
): readonly string[] => {
  const waited = namesOf(now)
  const known = asked.filter((mark) => !mark.endsWith('?'))
  const found = asked
    .filter((mark) => mark.endsWith('?'))
    .map((mark) => mark.slice(0, -1))
    .flatMap((name) => {
      if (waited.includes(name)) return marksOf(name, ask)
      const own = reviews.flatMap(({ id, reviewer }) => (reviewer?.login === name ? [id] : []))
      return marksOf(name, ask).filter((mark) => {
        const before = mark === name ? 0 : Number(mark.slice(name.length + 1))
        return own.some((id) => id > before)
      })
    })
  return [...new Set([...known, ...found])]
}

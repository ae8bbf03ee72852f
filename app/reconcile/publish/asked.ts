import type { Reviewers } from '../ports/github.ts'

/** Whom to ask, and the marks of reviews of theirs that count no longer. */
export type Ask = Reviewers & { readonly again: readonly string[] }

/**
 * Who was asked is kept by names that GitHub gives nobody: `bob`, `team:sre`; `bob#17` once more, after his review 17;
 * `bob!<head>` was refused at that head.
 */
export const teamName = (slug: string): string => `team:${slug}`
export const reviewMark = (name: string, review: number): string => `${name}#${review}`
const refusalMark = (name: string, head: string): string => `${name}!${head}`

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

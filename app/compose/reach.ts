import { GitError } from '../reconcile/ports/git.ts'
import { GitHubError } from '../reconcile/ports/github.ts'
import { messageOf } from './message-of.ts'
import type { Ports } from './ports.ts'
import { within } from './within.ts'

/** One question to GitHub serves everybody who asks for so long: `/readyz` is open to anyone. */
const keptMs = 10_000
const patienceMs = 2_000

/** What is away of that which the service goes on without, in words; undefined: nothing. */
export type Reach = {
  /** Asked now. */
  github(): Promise<string | undefined>
  /** As a repository was fetched last. */
  mirror(repository: number): string | undefined
  /** As the anchor's branch answered last. */
  anchor(): string | undefined
}

/** The same ports, and how they were answered. */
export const reaching = <P extends Pick<Ports, 'clock' | 'git' | 'github' | 'anchor'>>(
  ports: P,
): { readonly ports: P; readonly reach: Reach } => {
  const { anchor, clock, git, github } = ports
  const away = new Map<string, string>()
  const heard = async <T>(what: string, work: Promise<T>): Promise<T> => {
    try {
      const answer = await work
      away.delete(what)
      return answer
    } catch (error) {
      const answered =
        (error instanceof GitError && error.code === 'missing') ||
        (error instanceof GitHubError && error.code === 'conflict')
      if (answered) away.delete(what)
      else away.set(what, messageOf(error))
      throw error
    }
  }
  let asked: { readonly at: number; readonly answer: Promise<string | undefined> } | undefined
  return {
    ports: {
      ...ports,
      git: {
        mirror: (id) => {
          const mirror = git.mirror(id)
          return { ...mirror, fetch: (wants) => heard(`mirror ${id}`, mirror.fetch(wants)) }
        },
      },
      ...(anchor === undefined
        ? {}
        : {
            anchor: {
              ...anchor,
              tip: () => heard('anchor', anchor.tip()),
              commit: (change) => heard('anchor', anchor.commit(change)),
            },
          }),
    },
    reach: {
      github() {
        const at = clock.now()
        if (asked === undefined || Math.abs(at - asked.at) >= keptMs)
          asked = { at, answer: within(patienceMs, github.answers()).then(() => undefined, messageOf) }
        return asked.answer
      },
      mirror: (id) => away.get(`mirror ${id}`),
      anchor: () => away.get('anchor'),
    },
  }
}

import type { Standing } from '../../grant/standing.ts'
import { GitError } from '../ports/git.ts'
import { GitHubError } from '../ports/github.ts'

/** Something could not be established this time: no verdict, look again (trust.md 3.12). */
export class Trouble extends Error {
  /** Epoch ms before which looking again is no use. */
  readonly retryAt: number | undefined
  constructor(message: string, options: { cause?: unknown; retryAt?: number | undefined } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'Trouble'
    this.retryAt = options.retryAt
  }
}

/** @throws Trouble while the ledger lacks events: whoever cut it may have cut away what was decided before */
export const mustBeWhole = ({ broken }: Pick<Standing, 'broken'>): void => {
  if (broken !== undefined) throw new Trouble(`the ledger lost events, or may have: ${broken}`)
}

/** An error of Git or GitHub as trouble with a name; anything else is a fault of ours and stays one. */
export const asTrouble = (error: unknown): Trouble => {
  const trouble = troubleIn(error)
  if (trouble === undefined) throw error
  return trouble
}

/** The same; undefined: a fault of ours. */
export const troubleIn = (error: unknown): Trouble | undefined => {
  if (error instanceof Trouble) return error
  if (error instanceof GitHubError) {
    return new Trouble(`GitHub: ${error.message}`, { cause: error, retryAt: error.retryAt })
  }
  if (error instanceof GitError) return new Trouble(`Git: ${error.message}`, { cause: error })
  return undefined
}

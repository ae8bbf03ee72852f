import type { CliDeps } from '../deps.ts'
import { Failure } from '../failure.ts'
import { said } from './said.ts'
import { styleFor } from './style.ts'

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const
const frameMs = 100

/**
 * Looks every `everyMs` until `look` has an answer or `limitMs` have passed (undefined then); on a terminal a
 * spinner turns on standard error meanwhile, and leaves nothing behind. A look that could not tell is no answer yet, and
 * said once.
 */
export async function waitFor<T>(
  deps: Pick<CliDeps, 'clock' | 'sleep' | 'err' | 'env'>,
  what: string,
  look: () => Promise<T | undefined>,
  {
    everyMs = 2_000,
    limitMs = Number.POSITIVE_INFINITY,
  }: { readonly everyMs?: number; readonly limitMs?: number } = {},
): Promise<T | undefined> {
  const start = deps.clock.now()
  const style = styleFor(deps.err, deps.env)
  let turn = 0
  let away = ''
  const clear = () => (deps.err.isTTY && turn > 0 ? '\r\u001b[K' : '')
  try {
    for (;;) {
      try {
        const found = await look()
        if (found !== undefined) return found
      } catch (error) {
        if (!(error instanceof Failure && error.kind === 'unknown')) throw error
        if (error.message !== away) deps.err.write(`${clear()}${said`${error.message} Asking again.`}\n`)
        away = error.message
      }
      const next = deps.clock.now() + everyMs
      if (next - start > limitMs) return undefined
      while (deps.clock.now() < next) {
        if (deps.err.isTTY)
          deps.err.write(said`\r${style.cyan(frames[turn++ % frames.length] ?? '')} ${what} `)
        await deps.sleep(deps.err.isTTY ? frameMs : everyMs)
      }
    }
  } finally {
    if (clear() !== '') deps.err.write(clear())
  }
}

import type { CliDeps } from '../deps.ts'
import { styleFor } from './style.ts'

const width = 24
/** No terminal shows more. */
const everyMs = 100

/** Work with a bar beside it, with rate and time left, on standard error where that is a terminal; nothing of it stays. */
export async function withProgress<T>(
  deps: Parameters<typeof progressBar>[0],
  noun: string,
  work: (show: (done: number, of: number) => void) => Promise<T>,
): Promise<T> {
  const bar = progressBar(deps, noun)
  try {
    return await work(bar.show)
  } finally {
    bar.end()
  }
}

function progressBar({ clock, err, env }: Pick<CliDeps, 'clock' | 'err' | 'env'>, noun: string) {
  const style = styleFor(err, env)
  const began = clock.now()
  let drawn = Number.NEGATIVE_INFINITY
  let used = false
  return {
    show(done: number, of: number): void {
      const now = clock.now()
      if (!err.isTTY || now - drawn < everyMs || of <= 0) return
      drawn = now
      used = true
      const share = Math.min(1, done / of)
      const rate = (done / Math.max(1, now - began)) * 1_000
      const left = rate > 0 ? Math.ceil((of - done) / rate) : 0
      const bar = '█'.repeat(Math.round(share * width)).padEnd(width, '░')
      const rest = `${Math.floor(share * 100)} %  ${Math.round(rate).toLocaleString('en')} ${noun}/s  ${Math.max(0, left)} s left`
      err.write(`\r${style.cyan(bar)} ${rest}\u001b[K`)
    },
    end(): void {
      if (used) err.write('\r\u001b[K')
    },
  }
}

/**
 * What `work` answers, or what `late` says once `signal` aborts: whoever has given up waits for nobody, whatever becomes
 * of the work.
 */
export const untilAborted = <T>(
  signal: AbortSignal,
  work: () => Promise<T>,
  late: () => unknown = () => signal.reason,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const giveUp = () => reject(late())
    signal.addEventListener('abort', giveUp, { once: true })
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', giveUp))
  })

import type { WakeUp } from './ports/queue.ts'

/** The queue key of a pull request: `<repository id>:<pull number>`. */
export const pullKey = (repository: number, pull: number): string => `${repository}:${pull}`

export const wakePull = (repository: number, pull: number): WakeUp => ({
  queue: 'pull-request',
  key: pullKey(repository, pull),
})
export const wakePublish = (repository: number, pull: number): WakeUp => ({
  queue: 'publish',
  key: pullKey(repository, pull),
})
export const wakeBranch = (repository: number): WakeUp => ({ queue: 'branch', key: String(repository) })

export const readPullKey = (key: string): { readonly repository: number; readonly pull: number } => {
  const [repository, pull] = key.split(':').map(Number)
  if (!Number.isSafeInteger(repository) || !Number.isSafeInteger(pull)) {
    throw new Error(`not a pull request's key: ${key}`)
  }
  return { repository: repository as number, pull: pull as number }
}

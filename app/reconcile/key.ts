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
export const wakeGroup = (repository: number, ref: string): WakeUp => ({
  queue: 'merge-group',
  key: `${repository}:${ref}`,
})
export const wakeBranch = (repository: number): WakeUp => ({ queue: 'branch', key: String(repository) })

export const readGroupKey = (key: string): { readonly repository: number; readonly ref: string } => {
  const colon = key.indexOf(':')
  const repository = Number(key.slice(0, colon))
  const ref = key.slice(colon + 1)
  if (!Number.isSafeInteger(repository) || !ref.startsWith('refs/heads/')) {
    throw new Error(`not a merge group's key: ${key}`)
  }
  return { repository, ref }
}

export const readPullKey = (key: string): { readonly repository: number; readonly pull: number } => {
  const [repository, pull] = key.split(':').map(Number)
  if (!Number.isSafeInteger(repository) || !Number.isSafeInteger(pull)) {
    throw new Error(`not a pull request's key: ${key}`)
  }
  return { repository: repository as number, pull: pull as number }
}

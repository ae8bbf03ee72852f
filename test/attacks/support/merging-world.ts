import { type AttackWorld, kept, ownWorld } from './world.ts'

let shared: Promise<AttackWorld> | undefined

/**
 * As `attackWorld`, where gitsudo merges what is approved: for attacks on its merging, and for those that change what
 * everybody sees (the App, logins, GitHub's limits, the clock) and put it back.
 */
export const mergingWorld = (): Promise<AttackWorld> => {
  shared ??= ownWorld({ merge: 'auto' }).then(kept)
  return shared
}

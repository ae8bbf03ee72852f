import { describeMirror } from '../support/contract/mirror.ts'
import { bomb } from '../support/memory/git.ts'
import { mirrorOf } from './mirror-of.ts'
import { folder, repository } from './remote.ts'

describeMirror('a mirror on disk', () => {
  const root = folder()
  const remote = repository(root.path)
  const at = mirrorOf(`${root.path}/mirrors`, (name) => `file://${root.path}/${name}.git`)
  return {
    mirror: at.mirror,
    author: 'alice@acme.example',
    commit: (files, parents = []) => {
      const entries = Object.entries(files).map(([path, text]) => [
        path,
        text === bomb ? remote.bomb() : text,
      ])
      return remote.commit(Object.fromEntries(entries), parents)
    },
    branch: (commit) => {
      remote.branch(commit)
    },
    [Symbol.dispose]: () => {
      at[Symbol.dispose]()
      root[Symbol.dispose]()
    },
  }
})

import { memoryGit } from '../memory/git.ts'
import { describeMirror } from './mirror.ts'

const who = { name: 'alice', email: 'alice@acme.example' }

describeMirror('in memory', () => {
  const git = memoryGit('main')
  return {
    mirror: git.mirror,
    author: who.email,
    commit: (files, parents = []) => {
      const [first] = parents
      const before = first === undefined ? [] : [...git.held(first).tree.keys()]
      const gone = Object.fromEntries(before.map((path) => [path, undefined]))
      return git.commit(parents, { ...gone, ...files }, who)
    },
    branch: (commit) => git.refs.set('main', commit),
    [Symbol.dispose]: () => undefined,
  }
})

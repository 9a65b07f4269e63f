// The words of a question that are worth a search.

const MOST = 8
const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u

/** Words that questions in the languages of Latin script are made of, whatever they are about. */
const COMMON = new Set(
  'about again also alle aber auch avec because been before being bitte brauche come como could dans dass dein denn dies doch does eine einem einen einer elle este find from gibt haben have here hier into ist jede just kann kein know like look made make mein mehr mich nach nicht noch nous only oder other over para please pour quand quel quelle que qui sein show sich sind some sont such sur tell than that the their them then there these they this those under und une unser very von wann war warum was welche wenn werden what when where which while who why wie will wir wird with woher would wurde you your zum zur and are can did for her him his how its may not our out she was des der die das dem den les est'.split(
    ' ',
  ),
)

/** At most eight of them in lower case, the longest first, which are the rarest; of Chinese, Japanese and Korean pairs of characters. */
export function wordsOf(question: string): string[] {
  const words = new Set<string>()
  for (const run of question
    .normalize('NFKC')
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu) ?? []) {
    if (CJK.test(run)) for (const pair of pairsOf(run)) words.add(pair)
    else if (run.length >= 3 && run.length <= 60 && !COMMON.has(run)) words.add(run)
  }
  return [...words].sort((a, b) => b.length - a.length).slice(0, MOST)
}

function pairsOf(run: string): string[] {
  const characters = [...run].filter((one) => CJK.test(one))
  return characters.length < 2 ? characters : characters.slice(1).map((one, at) => characters[at]! + one)
}

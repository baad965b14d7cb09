// The order of results: what the words of the query weigh on a page (search_weights.js), and most of all whether they are
// the name of the page or of a section. Sphinx puts this into its own script, and asks `score` for each result.
const stemmed = (text) => {
  const stemmer = new Stemmer();
  return splitQuery(text.toLowerCase()).map((word) => [stemmer.stemWord(word), stopwords.has(word)]);
};

// Whether one row of words is in another, in one piece.
const within = (few, many) =>
  few.length > 0 && many.some((_, start) => few.every((word, at) => many[start + at] === word));

// How much of a name a query is, from 0 to 1.
const named = (query, name) => {
  if (within(query, name)) return query.length / name.length;
  return within(name, query) ? (0.5 * name.length) / query.length : 0;
};

const nameScore = (query, title) => {
  const words = stemmed(title);
  const all = named(query.map(([word]) => word), words.map(([word]) => word));
  const few = (list) => list.filter(([, common]) => !common).map(([word]) => word);
  return 20 * Math.max(all, 0.6 * named(few(query), few(words)));
};

const weightOf = (word, page) => {
  if (Object.hasOwn(SEARCH_WEIGHTS, word)) return SEARCH_WEIGHTS[word][page] ?? 0;
  // The beginning of a word, as somebody types it.
  const longer = Object.keys(SEARCH_WEIGHTS).filter((other) => word.length > 2 && other.startsWith(word));
  return Math.max(0, ...longer.map((other) => SEARCH_WEIGHTS[other][page] ?? 0)) / 2;
};

var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
  score: ([page, title, anchor]) => {
    const query = stemmed(new URLSearchParams(window.location.search).get("q") ?? "");
    const words = query.filter(([, common]) => !common).map(([word]) => word);
    const about = words.reduce((sum, word) => sum + weightOf(word, page), 0);
    const names = anchor ? [title.split(" > ").pop()] : [title, page.replaceAll("-", " ")];
    const name = Math.max(...names.map((name) => nameScore(query, name)));
    return anchor ? 0.5 * (about + name) : about + name;
  },
};

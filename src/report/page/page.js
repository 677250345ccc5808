'use strict';
(() => {
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const data = JSON.parse(find('#data').textContent);
  const UNKNOWN = '\u2013';

  // Three significant digits with ties to even, as the report's own numbers are written.
  function significant(value) {
    if (!Number.isFinite(value)) return UNKNOWN;
    const [digits, power] = value.toExponential(2).split('e');
    let scientific = `${digits}e${Number(power)}`;
    const [exact, exactPower] = value.toExponential(60).split('e');
    if (/^-?\d\.\d[02468]50*$/.test(exact)) scientific = `${exact.slice(0, exact.indexOf('.') + 3)}e${Number(exactPower)}`;
    const exponent = Number(scientific.split('e')[1]);
    if (exponent < -5 || exponent > 9) return scientific;
    return Number(scientific).toFixed(Math.max(0, 2 - exponent));
  }

  // What drives a terminal, changes the order of what is read or is not seen is shown as the report writes it.
  const LOUD = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;
  const inert = (text) => text.replace(LOUD, (it) => `\\u{${it.codePointAt(0).toString(16)}}`);

  const exactly = (value) => ({ low: value, mid: value, high: value });
  const map = (interval, by) => ({ low: by(interval.low), mid: by(interval.mid), high: by(interval.high) });
  const blend = (ratio, input, output) => (ratio * input + output) / (ratio + 1);

  // Hyndman and Fan's type 7.
  function quantile(sorted, share) {
    const rank = share * (sorted.length - 1);
    const below = sorted[Math.floor(rank)];
    return below + (sorted[Math.ceil(rank)] - below) * (rank - Math.floor(rank));
  }

  // The price that a policy takes of the market, with how far it may be off; null where there is none.
  function price(sellers, terms) {
    const list = ({ input, cache_read: cached, output }) =>
      blend(terms.ratio, (1 - terms.cached) * input + terms.cached * (cached ?? input), output);
    const blended = sellers.map(list).sort((a, b) => a - b);
    if (!blended.length) return null;
    if (terms.policy === 'median') {
      const [low, high] = blended.length < 4 ? [0, 1] : [0.25, 0.75];
      return { low: quantile(blended, low), mid: quantile(blended, 0.5), high: quantile(blended, high) };
    }
    if (terms.policy === 'cheapest') return { low: blended[0], mid: blended[0], high: blended[1] ?? blended[0] };
    const name = terms.policy.toLowerCase();
    const seller = sellers.find((seller) => seller.seller.toLowerCase() === name);
    return seller ? exactly(list(seller)) : null;
  }

  function policyWords(policy) {
    if (policy === 'median') return 'median market price';
    return policy === 'cheapest' ? "cheapest seller's price" : `price of ${policy}`;
  }

  // What is not in the cache is proportional to the time of the input.
  function withCached(times, cached) {
    const fresh = (1 - cached) / (1 - times.cached);
    return { ...times, input: map(times.input, (time) => time * fresh), cached };
  }

  // The hour is charged once: input pays for its prefill, output for its share of the decode steps.
  function cost(times, terms) {
    const rate = (terms.rent.mid * terms.gpus) / (3600 * terms.utilisation);
    const input = map(times.input, (time) => rate * 1e6 * time);
    const output = map(times.output, (time) => rate * 1e6 * time);
    const end = (name) => blend(terms.ratio, input[name], output[name]);
    return { input, output, blended: { low: end('low'), mid: end('mid'), high: end('high') } };
  }

  function decide(measured, terms, sellers) {
    const times = withCached(measured, terms.cached);
    const costs = cost(times, terms);
    const market = price(sellers, terms);
    if (!market) return { cost: costs };
    const blended = costs.blended;
    const ratio = {
      low: (blended.low * (terms.rent.low / terms.rent.mid)) / market.high,
      mid: blended.mid / market.mid,
      high: (blended.high * (terms.rent.high / terms.rent.mid)) / market.low,
    };
    const verdict = ratio.high < 1 ? 'RENT' : ratio.low > 1 ? 'BUY' : 'TOO CLOSE';
    const decision = {
      cost: costs,
      price: market,
      ratio,
      verdict,
      breakEven: { utilisation: terms.utilisation * ratio.mid, rent: terms.rent.mid / ratio.mid },
      mtokPerMonth: (terms.rent.mid * terms.gpus * data.hours_per_month) / market.mid,
    };
    decision.flips = flips(decision, times, terms);
    decision.decides = decides(decision, terms);
    decision.reason = reason(decision, terms);
    return decision;
  }

  function flips({ cost: costs, price: market, ratio, verdict }, times, terms) {
    const edge = { RENT: ratio.high, BUY: ratio.low, 'TOO CLOSE': ratio.mid }[verdict];
    const perRequest = blend(terms.ratio, times.input.mid, times.output.mid);
    const outputPerSecond = 1 / (perRequest * (terms.ratio + 1));
    const flip = (input, interval, value, growsWithCost, unit) => {
      const at = growsWithCost ? value / edge : value * edge;
      const possible = input !== 'utilisation' || at <= 1;
      return { input, spread: interval.high / interval.low, changesAt: possible ? at : null, unit };
    };
    return [
      flip('throughput', { low: 1 / costs.blended.high, high: 1 / costs.blended.low }, outputPerSecond, false, ' output tok/s'),
      flip('rent', terms.rent, terms.rent.mid, true, ' USD/h per device'),
      flip('market price', market, market.mid, false, ' USD/Mtok'),
      flip('utilisation', exactly(1), terms.utilisation, false, ''),
    ];
  }

  // A load that nobody stated, where a lower one turns the verdict, else the widest interval; the first of equals.
  function decides({ flips: each, verdict }, terms) {
    const load = each[3];
    if (!terms.stated && verdict !== 'BUY' && load.changesAt !== null) return load;
    return each.reduce((widest, flip) => (flip.spread > widest.spread ? flip : widest));
  }

  function turn({ decides: flip, verdict }) {
    if (flip.changesAt === null) return `${flip.input} decides, and no value of it turns the verdict`;
    const at = `${significant(flip.changesAt)}${flip.unit}`;
    const what = verdict === 'TOO CLOSE' ? `equal at ${at}` : `the verdict changes at ${at}`;
    const assumed = flip.input === 'utilisation' ? ' (1 is assumed, which no service has)' : '';
    return `${flip.input} decides${assumed}: ${what}`;
  }

  function reason(decision, terms) {
    const { ratio, verdict, breakEven } = decision;
    const factor = significant(ratio.mid);
    const within = verdict === 'TOO CLOSE' ? ': 1 lies within' : '';
    const compared =
      `the cost is ${factor} of the ${policyWords(terms.policy)}, ` +
      `${significant(ratio.low)} to ${significant(ratio.high)}${within}`;
    const utilisation =
      breakEven.utilisation > 1
        ? 'no utilisation is enough; equal at'
        : `equal at utilisation ${significant(breakEven.utilisation)},`;
    return (
      `${compared}; ${utilisation} rent ${significant(breakEven.rent)} USD/h per device, ` +
      `throughput x${factor} or market price x${factor}; ${turn(decision)}`
    );
  }

  // Cost over price with one input changed; middle values only.
  function tornado(measured, terms, sellers) {
    const most = 1 - Number.EPSILON;
    const at = (lever, factor) => {
      const changed = { ...terms };
      let times = measured;
      let priceFactor = 1;
      if (lever === 'rent') changed.rent = map(terms.rent, (rent) => rent * factor);
      if (lever === 'utilisation') changed.utilisation = Math.min(terms.utilisation * factor, 1);
      if (lever === 'throughput') {
        const faster = (interval) => map(interval, (time) => time * (1 / factor));
        times = { ...measured, input: faster(measured.input), output: faster(measured.output) };
      }
      if (lever === 'market price') priceFactor = factor;
      if (lever === 'input:output ratio') changed.ratio = terms.ratio * factor;
      if (lever === 'cached share') changed.cached = Math.min(terms.cached * factor, most);
      return cost(withCached(times, changed.cached), changed).blended.mid / (price(sellers, changed).mid * priceFactor);
    };
    const values = {
      rent: [terms.rent.mid, ' USD/h'],
      utilisation: [terms.utilisation, ''],
      throughput: [1, null],
      'market price': [price(sellers, terms).mid, ' USD/Mtok'],
      'input:output ratio': [terms.ratio, ''],
      'cached share': [terms.cached, ''],
    };
    const bars = Object.entries(values).map(([lever, [value, unit]]) => {
      const [low, high] = [at(lever, 1 - data.swing), at(lever, 1 + data.swing)];
      const shown = unit === null ? 'as estimated' : `${significant(value)}${unit}`;
      return { lever, value, shown, low, high, swing: Math.abs(high - low) };
    });
    return bars.sort((a, b) => b.swing - a.swing);
  }

  const form = find('#controls');
  const FIELDS = {
    rent: ['the rent', (value) => value > 0, 'above 0'],
    utilisation: ['the utilisation', (value) => value > 0 && value <= 1, 'above 0 and at most 1'],
    ratio: ['the input:output ratio', (value) => value >= 0, '0 or more'],
    cached: ['the cached share', (value) => value >= 0 && value < 1, 'from 0 to below 1'],
  };
  const chosen = () => data.cases[Number(find('#case').value)];
  const own = (kase) => ({
    rent: kase.usd_per_hour.mid,
    utilisation: kase.utilisation,
    ratio: kase.ratio,
    cached: kase.cached,
    policy: kase.policy,
  });
  let shown = null;

  function sellersOf(kase) {
    return kase.market === null ? [] : data.markets[kase.market].sellers;
  }

  function fill(kase, values) {
    const names = ['median', 'cheapest', ...sellersOf(kase).map((seller) => seller.seller)];
    const known = names.find((name) => name.toLowerCase() === values.policy.toLowerCase());
    if (!known) names.push(values.policy);
    find('#policy').replaceChildren(...names.map((name) => new Option(inert(name), name)));
    find('#policy').value = known ?? values.policy;
    Object.keys(FIELDS).forEach((name) => {
      find(`#${name}`).value = values[name];
    });
  }

  // The terms of the controls, or null where one is out of range, which is then said.
  function read(kase) {
    const report = own(kase);
    const terms = { gpus: kase.gpus, policy: find('#policy').value, stated: kase.utilisation_stated };
    const faults = [];
    Object.entries(FIELDS).forEach(([name, [what, holds, range]]) => {
      const field = find(`#${name}`);
      const value = field.value.trim() === '' ? NaN : Number(field.value);
      const fine = Number.isFinite(value) && holds(value);
      if (fine) field.removeAttribute('aria-invalid');
      else {
        field.setAttribute('aria-invalid', 'true');
        faults.push(`${what} must be ${range}`);
      }
      terms[name] = value;
    });
    const said = faults.join('; ');
    find('#controls-error').textContent = said && `${said[0].toUpperCase()}${said.slice(1)}. The figures are those of before.`;
    if (faults.length) return null;
    if (terms.utilisation !== report.utilisation) terms.stated = true;
    terms.rent = terms.rent === report.rent ? kase.usd_per_hour : exactly(terms.rent);
    return terms;
  }

  function put(name, interval) {
    all(`#answer span[data-figure="${name}"]`).forEach((span) => {
      span.textContent = interval ? significant(interval.mid) : UNKNOWN;
      span.dataset.value = interval ? interval.mid : '';
      span.dataset.low = interval ? interval.low : '';
      span.dataset.high = interval ? interval.high : '';
    });
    all(`#answer [data-range="${name}"]`).forEach((range) => {
      const [low, high] = interval ? [significant(interval.low), significant(interval.high)] : ['', ''];
      range.textContent = low === high ? '' : `${low} to ${high}`;
    });
  }

  function ranged(interval) {
    const [low, mid, high] = [interval.low, interval.mid, interval.high].map(significant);
    return low === high ? `${mid} USD` : `${mid} USD (${low} to ${high})`;
  }

  function show(kase, terms) {
    const sellers = sellersOf(kase);
    const times = { input: kase.input_s_per_token, output: kase.output_s_per_token, cached: kase.cached_measured };
    const decision = decide(times, terms, sellers);
    shown = { kase, terms, decision };
    const { cost: costs, price: market, ratio, verdict } = decision;
    const figure = find('#answer strong[data-figure="verdict"]');
    figure.textContent = verdict ?? 'no verdict';
    figure.dataset.value = verdict ?? '';
    put('usd_per_mtok_blended', costs.blended);
    put('usd_per_mtok_in', costs.input);
    put('usd_per_mtok_out', costs.output);
    put('market_usd_per_mtok', market);
    put('cost_over_price', ratio);
    put('break_even_utilisation', ratio && exactly(decision.breakEven.utilisation));
    put('break_even_usd_per_hour', ratio && exactly(decision.breakEven.rent));
    put('break_even_mtok_per_month', ratio && exactly(decision.mtokPerMonth));
    const compared = ratio
      ? `: ${significant(ratio.mid)} of the ${policyWords(terms.policy)}, ${ranged(market)}`
      : '';
    find('#said').textContent = inert(
      `A million tokens of ${kase.subject} cost ${ranged(costs.blended)} ${kase.place}${compared}.`,
    );
    const why = inert(
      decision.reason ?? (sellers.length ? `no price of ${kase.model} by ${terms.policy}` : kase.why_not),
    );
    find('#reason').textContent = why;
    const last = why.split('; ').pop();
    find('#turn').textContent = `${last.charAt(0).toUpperCase()}${last.slice(1)}.`;
    find('#basis').textContent = kase.basis;
    showTornado(times, terms, sellers, market);
    mark(terms.utilisation, costs.blended.mid);
  }

  // A ring on the curve over utilisation where the controls are; left out where it would lie beside the plot.
  function mark(utilisation, blended) {
    const SVG = 'http://www.w3.org/2000/svg';
    all('#chart-cost-utilisation [data-plot]').forEach((chart) => {
      const [left, top, right, bottom, xMin, xMax, xLog, yMin, yMax, yLog] = chart.dataset.plot.split(' ').map(Number);
      const share = (value, min, max, log) =>
        log ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
      const [x, y] = [share(utilisation, xMin, xMax, xLog), share(blended, yMin, yMax, yLog)];
      find('.now', chart)?.remove();
      if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) return;
      const ring = document.createElementNS(SVG, 'circle');
      const places = { class: 'now', cx: left + x * (right - left), cy: bottom - y * (bottom - top), r: 6 };
      Object.entries(places).forEach(([name, value]) => ring.setAttribute(name, value));
      find('svg', chart).append(ring);
    });
  }

  function showTornado(times, terms, sellers, market) {
    const body = find('#tornado-table tbody');
    if (!body) return;
    const bars = market ? tornado(times, terms, sellers) : [];
    const cell = (kind, text, value) => {
      const made = document.createElement(kind);
      made.textContent = text;
      if (kind === 'th') made.scope = 'row';
      if (value !== undefined) made.dataset.value = value;
      return made;
    };
    body.replaceChildren(
      ...bars.map((bar) => {
        const row = document.createElement('tr');
        row.append(
          cell('th', bar.lever),
          cell('td', bar.shown, bar.value),
          cell('td', significant(bar.low), bar.low),
          cell('td', significant(bar.high), bar.high),
          cell('td', significant(bar.swing), bar.swing),
        );
        return row;
      }),
    );
    all('#tornado-table th[aria-sort]').forEach((head) => head.removeAttribute('aria-sort'));
  }

  // A link reproduces the setting: what differs from the report stands in the fragment.
  function keep(kase) {
    const report = own(kase);
    const kept = new URLSearchParams();
    if (Number(find('#case').value) !== data.chosen) kept.set('case', find('#case').value);
    Object.keys(report).forEach((name) => {
      if (find(`#${name}`).value !== String(report[name])) kept.set(name, find(`#${name}`).value);
    });
    const fragment = kept.toString();
    // A place in the page is not lost while nothing is changed.
    if (!fragment && !location.hash.includes('=')) return;
    history.replaceState(null, '', fragment ? `#${fragment}` : location.pathname + location.search);
  }

  function update() {
    const kase = chosen();
    const terms = read(kase);
    if (!terms) return;
    show(kase, terms);
    keep(kase);
  }

  function restore() {
    if (!location.hash.includes('=')) return false;
    const kept = new URLSearchParams(location.hash.slice(1));
    const place = Number(kept.get('case') ?? data.chosen);
    const kase = data.cases[place];
    if (!kase) return false;
    find('#case').value = String(place);
    const values = own(kase);
    Object.keys(values).forEach((name) => {
      if (kept.has(name)) values[name] = kept.get(name);
    });
    fill(kase, values);
    return true;
  }

  function start() {
    // A reload keeps what fields held; the report's own terms count, or those of the fragment.
    find('#case').value = String(data.chosen);
    fill(chosen(), own(chosen()));
    show(chosen(), read(chosen()));
    if (restore()) update();
    form.addEventListener('submit', (event) => event.preventDefault());
    find('#case').addEventListener('change', () => {
      fill(chosen(), own(chosen()));
      update();
    });
    form.addEventListener('input', (event) => {
      if (event.target.id !== 'case') update();
    });
    find('#reset').addEventListener('click', () => {
      find('#case').value = String(data.chosen);
      fill(chosen(), own(chosen()));
      update();
    });
    addEventListener('hashchange', () => {
      if (restore()) update();
    });
  }

  // Unknown comes last both ways.
  function sort(head) {
    const table = head.closest('table');
    const place = [...head.parentNode.children].indexOf(head);
    const numeric = head.classList.contains('n');
    const up = head.getAttribute('aria-sort') !== 'ascending';
    const key = (row) => {
      const cell = row.children[place];
      const text = cell.dataset.value ?? cell.textContent.trim();
      if (text === '' || text === UNKNOWN) return null;
      return numeric ? Number.parseFloat(text) : text;
    };
    const rows = [...table.tBodies[0].rows].map((row) => ({ row, key: key(row) }));
    const order = (a, b) => (numeric ? a - b : a.localeCompare(b, 'en', { numeric: true }));
    rows.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
      return up ? order(a.key, b.key) : order(b.key, a.key);
    });
    table.tBodies[0].append(...rows.map(({ row }) => row));
    all('th[aria-sort]', table).forEach((other) => other.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
  }

  const make = (kind, text, ...children) => {
    const made = document.createElement(kind);
    if (text) made.textContent = inert(text);
    made.append(...children);
    return made;
  };

  // The value of a figure under the terms that are shown.
  function valueOf(name) {
    if (!shown) return UNKNOWN;
    const { kase, terms, decision } = shown;
    const { cost: costs, price: market, ratio } = decision;
    const ends = (interval) => {
      if (!interval) return UNKNOWN;
      const [low, mid, high] = [interval.low, interval.mid, interval.high].map(significant);
      return low === high ? mid : `${mid} (${low} to ${high})`;
    };
    const times = withCached(
      { input: kase.input_s_per_token, output: kase.output_s_per_token, cached: kase.cached_measured },
      terms.cached,
    );
    const values = {
      verdict: () => decision.verdict ?? 'no verdict',
      cost_over_price: () => ends(ratio),
      usd_per_mtok_blended: () => ends(costs.blended),
      usd_per_mtok_in: () => ends(costs.input),
      usd_per_mtok_out: () => ends(costs.output),
      market_usd_per_mtok: () => ends(market),
      break_even_utilisation: () => (ratio ? significant(decision.breakEven.utilisation) : UNKNOWN),
      break_even_usd_per_hour: () => (ratio ? significant(decision.breakEven.rent) : UNKNOWN),
      break_even_mtok_per_month: () => (ratio ? significant(decision.mtokPerMonth) : UNKNOWN),
      usd_per_hour: () => ends(terms.rent),
      gpus: () => String(terms.gpus),
      utilisation: () => significant(terms.utilisation) + (terms.stated ? '' : ' (assumed)'),
      input_output_ratio: () => significant(terms.ratio),
      isl: () => (terms.ratio === kase.ratio ? String(kase.isl) : UNKNOWN),
      osl: () => (terms.ratio === kase.ratio ? String(kase.osl) : UNKNOWN),
      cached: () => significant(terms.cached),
      market_policy: () => terms.policy,
      input_s_per_token: () => ends(times.input),
      output_s_per_token: () => ends(times.output),
    };
    return values[name]?.() ?? '';
  }

  // A figure, and below it the figures that it is made of.
  function parts(name, seen) {
    const figure = data.figures.find((figure) => figure.name === name);
    const value = valueOf(name);
    const line = make('li', `${figure.label}${value && ` = ${value} ${figure.unit}`.trimEnd()}`);
    if (figure.formula) line.append(make('br'), make('code', figure.formula));
    seen.add(name);
    const rest = figure.of.filter((part) => !seen.has(part));
    if (rest.length) line.append(make('ul', '', ...rest.map((part) => parts(part, seen))));
    return line;
  }

  function rowsOf(seen) {
    const lists = [];
    const list = (title, rows) => {
      if (rows.length) lists.push(make('h3', title), make('ul', '', ...rows.map((row) => make('li', row))));
    };
    if (seen.has('market_usd_per_mtok') && shown) {
      const rows = sellersOf(shown.kase).map((row) => {
        const cached = row.cache_read === null ? '' : `, cached ${row.cache_read}`;
        const listing = row.listing && ` (${row.listing})`;
        return `${row.seller}${listing}: in ${row.input}, out ${row.output}${cached} USD/Mtok; ${row.date}; ${row.file}:${row.line}; ${row.source}`;
      });
      list('Sellers', rows);
    }
    if (seen.has('usd_per_hour')) {
      const changed = shown && shown.terms.rent !== shown.kase.usd_per_hour;
      // The table has them already: a second copy would cost the page more than it is worth.
      const quotes = all('#rents tbody tr').map((row) => [...row.children].map((cell) => cell.textContent.trim()));
      const votes = quotes.filter((cells) => cells[6] === 'yes');
      const rows = votes.map(([provider, kind, region, rent, date, , , place, source]) =>
        `${provider} (${kind}, ${region}): ${rent} USD/h; ${date}; ${place}; ${source}`);
      list(changed ? 'Rents of the report (the one in the control counts)' : 'Rents', rows);
      if (!votes.length) lists.push(make('p', 'The rent was given on the command line.'));
    }
    if (seen.has('input_s_per_token') || seen.has('output_s_per_token')) {
      lists.push(make('h3', 'Times'), make('p', shown ? shown.kase.basis : ''));
    }
    return lists;
  }

  function explain(name) {
    const figure = data.figures.find((figure) => figure.name === name);
    const seen = new Set();
    find('#source-title').textContent = figure.label;
    const tree = make('ul', '', parts(name, seen));
    find('#source-body').replaceChildren(tree, ...rowsOf(seen));
    find('#source').showModal();
  }

  document.addEventListener('click', (event) => {
    const source = event.target.closest('button.source');
    if (source) return explain(source.dataset.figure);
    const head = event.target.closest('table.sortable thead button');
    if (head) sort(head.closest('th'));
  });

  // Folded tables are whole on paper.
  let opened = [];
  addEventListener('beforeprint', () => {
    opened = all('details:not([open])');
    opened.forEach((details) => {
      details.open = true;
    });
  });
  addEventListener('afterprint', () => {
    opened.forEach((details) => {
      details.open = false;
    });
  });

  if (form) start();
  document.body.dataset.ready = 'true';
})();

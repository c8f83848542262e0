//! Exact fractions, and the only place where anything is rounded (R32).

/// n / d, always reduced, d > 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frac {
    pub n: i128,
    pub d: i128,
}

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

pub fn pow10(k: u32) -> i128 {
    10i128.pow(k)
}

impl Frac {
    pub const ZERO: Frac = Frac { n: 0, d: 1 };
    pub const ONE: Frac = Frac { n: 1, d: 1 };

    pub fn new(n: i128, d: i128) -> Frac {
        assert!(d != 0, "oracle: division by zero");
        let g = gcd(n, d);
        let s = if d < 0 { -1 } else { 1 };
        Frac { n: s * n / g, d: s * d / g }
    }
    pub fn int(n: i64) -> Frac {
        Frac::new(i128::from(n), 1)
    }
    pub fn mul(self, o: Frac) -> Frac {
        // reduce crosswise first, so that nothing grows needlessly
        let (g1, g2) = (gcd(self.n, o.d), gcd(o.n, self.d));
        let n = (self.n / g1).checked_mul(o.n / g2).expect("oracle: overflow");
        let d = (self.d / g2).checked_mul(o.d / g1).expect("oracle: overflow");
        Frac::new(n, d)
    }
    pub fn div(self, o: Frac) -> Frac {
        self.mul(Frac::new(o.d, o.n))
    }
    pub fn add(self, o: Frac) -> Frac {
        let g = gcd(self.d, o.d);
        let a = self.n.checked_mul(o.d / g).expect("oracle: overflow");
        let b = o.n.checked_mul(self.d / g).expect("oracle: overflow");
        let d = (self.d / g).checked_mul(o.d).expect("oracle: overflow");
        Frac::new(a + b, d)
    }
    pub fn neg(self) -> Frac {
        Frac { n: -self.n, d: self.d }
    }
    pub fn sub(self, o: Frac) -> Frac {
        self.add(o.neg())
    }
    pub fn gt(self, o: Frac) -> bool {
        self.sub(o).n > 0
    }

    /// The value in units of 10^-digits, rounded by `mode`: half-up (away from zero), half-even, truncate.
    pub fn round(self, digits: u32, mode: &str) -> i128 {
        let x = self.mul(Frac::new(pow10(digits), 1));
        let whole = x.n / x.d; // toward zero
        let rest2 = (x.n % x.d).abs() * 2;
        let away = match mode {
            "half-up" => rest2 >= x.d,
            "half-even" => rest2 > x.d || (rest2 == x.d && whole % 2 != 0),
            "truncate" => false,
            other => panic!("oracle: rounding mode {other}"),
        };
        if away { whole + x.n.signum() } else { whole }
    }
}

/// Plain decimal text: optional sign, digits, a point. None where it is anything else.
pub fn parse_decimal(text: &str) -> Option<Frac> {
    let t = text.trim();
    let (sign, body) = match t.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, t),
    };
    let (whole, part) = body.split_once('.').unwrap_or((body, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    if !whole.chars().chain(part.chars()).all(|c| c.is_ascii_digit()) || part.len() > 18 {
        return None;
    }
    let digits: i128 = format!("0{whole}{part}").parse().ok()?;
    Some(Frac::new(sign * digits, pow10(u32::try_from(part.len()).ok()?)))
}

/// `units` of 10^-scale as text with exactly `scale` decimals.
pub fn fixed(units: i128, scale: u32) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let p = pow10(scale);
    let (whole, part) = (units.abs() / p, units.abs() % p);
    if scale == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{part:0width$}", width = scale as usize)
    }
}

/// Up to `max` decimals (half-up), without trailing zeros beyond `min` decimals (C16, A28).
pub fn plain(x: Frac, max: u32, min: u32) -> String {
    trim(&fixed(x.round(max, "half-up"), max), min)
}

pub fn trim(text: &str, min: u32) -> String {
    let Some(point) = text.find('.') else { return text.to_string() };
    let mut t = text.to_string();
    while t.ends_with('0') && t.len() - point - 1 > min as usize {
        t.pop();
    }
    if t.ends_with('.') {
        t.pop();
    }
    t
}

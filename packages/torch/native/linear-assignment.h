// The linear assignment of a dense table: an operator of our own, since no stock one solves it. Jonker and Volgenant's algorithm,
// with its loops over columns laid out for vectors: they run over all columns and keep in the values themselves which are done, in
// place of a permuted order. The vectors are those that every processor has: AVX2 would save a fifth of the time, at two builds of it all.
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/full.h>
#include <algorithm>
#include <c10/util/Exception.h>
#include <cstring>
#include <limits>
#include <torch/library.h>
#include <vector>

namespace muster {
namespace assignment {

typedef double Lane __attribute__((vector_size(16)));
typedef int64_t Whole __attribute__((vector_size(16)));

constexpr int64_t kLane = 2;
constexpr int64_t kLanes = 4;  // worked on side by side, so that a minimum does not wait for the one before it
constexpr int64_t kStep = kLane * kLanes;
constexpr double kForbidden = std::numeric_limits<double>::infinity();

template <typename Vector = Lane, typename T>
Vector load(const T* from) { Vector v; std::memcpy(&v, from, sizeof v); return v; }
template <typename Vector, typename T>
void store(T* to, Vector v) { std::memcpy(to, &v, sizeof v); }
inline Lane lesser(Lane a, Lane b) { return a < b ? a : b; }
inline Lane greater(Lane a, Lane b) { return a > b ? a : b; }
inline double least(const Lane (&of)[kLanes]) {
  const Lane v = lesser(lesser(of[0], of[1]), lesser(of[2], of[3]));
  return std::min<double>(v[0], v[1]);
}

/// Visits, in their order, the columns where `valuesAt` gives `value`, until `visit` says that it has seen enough.
template <typename Values, typename Visit>
void visitEqual(int64_t columns, double value, Values valuesAt, Visit visit) {
  const Lane wanted = Lane{} + value;
  for (int64_t at = 0; at < columns; at += kStep) {
    Whole hit = {};
    for (int64_t l = 0; l < kLanes; l++) hit |= valuesAt(at + l * kLane) == wanted;
    if ((hit[0] | hit[1]) == 0) continue;
    for (int64_t l = 0; l < kLanes; l++) {
      const Lane v = valuesAt(at + l * kLane);
      for (int64_t k = 0; k < kLane; k++)
        if (v[k] == value && visit(at + l * kLane + k)) return;
    }
  }
}

/// An assignment being made, rows <= columns. Invariants between the stages: every reduced cost `cost - price[column]` of an assigned
/// cell is the least of its row; prices are at most zero, and zero in columns without a row (square tables excepted, where every column
/// ends with one).
struct Solver {
  const int64_t rows, columns;  // columns with those that fill up the last step; all their cells are forbidden
  const double* const cost;
  std::vector<double> price = std::vector<double>(columns);
  std::vector<int64_t> columnOf = std::vector<int64_t>(rows, -1), rowOf = std::vector<int64_t>(columns, -1);

  // Of a search for a path: lengths of the shortest ones found, and prices; columns that are done have those that no path can improve on,
  // and that are never the shortest.
  std::vector<double> length = std::vector<double>(columns), offer = std::vector<double>(columns);
  std::vector<double> finalLength = std::vector<double>(columns);
  std::vector<int64_t> done = {};  // columns in the order in which their lengths became final
  struct Scan { int64_t row; double offset; };
  std::vector<Scan> scans = {};  // of the row that looks for a column, then of those that have the columns done

  const double* line(int64_t row) const { return cost + row * columns; }

  /// Of square tables: every column's price becomes its least cost, and a row that wins columns takes the last of them.
  void reduceColumns() {
    std::vector<int64_t> winner(columns), wins(rows);
    std::copy_n(cost, columns, price.begin());
    for (int64_t row = 1; row < rows; row++) {
      for (int64_t at = 0; at < columns; at += kLane) {
        const Lane value = load(line(row) + at), before = load(&price[at]);
        const Whole isLess = value < before;
        store(&price[at], isLess ? value : before);
        store(&winner[at], isLess ? Whole{} + row : load<Whole>(&winner[at]));
      }
    }
    for (int64_t column = columns - 1; column >= 0; column--) {
      // A column whose cells are all forbidden: its price must stay finite, and the search will find no path to it.
      if (price[column] == kForbidden) {
        price[column] = 0;
        continue;
      }
      const int64_t row = winner[column];
      if (++wins[row] > 1) continue;
      columnOf[row] = column;
      rowOf[column] = row;
    }
    for (int64_t row = 0; row < rows; row++)
      if (wins[row] == 1) transferReduction(row);
  }

  /// Lowers the price of a row's column as far as the row still likes it best.
  void transferReduction(int64_t row) {
    double& own = price[columnOf[row]];
    const double before = own;
    own = -kForbidden;
    Lane best[kLanes];
    std::fill_n(best, kLanes, Lane{} + kForbidden);
    for (int64_t at = 0; at < columns; at += kStep)
      for (int64_t l = 0; l < kLanes; l++) best[l] = lesser(best[l], load(line(row) + at + l * kLane) - load(&price[at + l * kLane]));
    const double second = least(best);
    own = second < kForbidden ? before - second : before;
  }

  /// Augmenting row reduction: each free row takes its best column, lowers that column's price to where its second best is as good, and
  /// frees the row that had it, which is tried again at once where the price moved. Gives the rows left free.
  std::vector<int64_t> reduceRows() {
    std::vector<int64_t> waiting, left;
    for (int64_t row = rows - 1; row >= 0; row--)
      if (columnOf[row] < 0) waiting.push_back(row);
    // Rounding can make two rows outbid each other without end, and past some number of bids paths are found sooner.
    int64_t bids = 2 * columns;
    while (!waiting.empty()) {
      const int64_t row = waiting.back();
      waiting.pop_back();
      const Bid bid = bidOf(row);
      // With a single allowed column there is no second bid to set the price by: the path search decides.
      if (bid.column < 0 || (bid.second == kForbidden && rowOf[bid.column] >= 0)) {
        left.push_back(row);
        continue;
      }
      const double lowered = price[bid.column] - (bid.second - bid.first);
      const bool moves = bid.second < kForbidden && lowered < price[bid.column];
      if (moves) price[bid.column] = lowered;
      const int64_t displaced = rowOf[bid.column];
      columnOf[row] = bid.column;
      rowOf[bid.column] = row;
      if (displaced < 0) continue;
      columnOf[displaced] = -1;
      (moves && bids-- > 0 ? waiting : left).push_back(displaced);
    }
    return left;
  }

  /// The least reduced cost of a row, where it is, and the second least. Of equal ones a column without a row, or else the last.
  struct Bid { double first, second; int64_t column; };
  Bid bidOf(int64_t row) const {
    const auto reduced = [this, from = line(row)](int64_t at) { return load(from + at) - load(&price[at]); };
    Lane firsts[kLanes], seconds[kLanes];
    std::fill_n(firsts, kLanes, Lane{} + kForbidden);
    std::fill_n(seconds, kLanes, Lane{} + kForbidden);
    for (int64_t at = 0; at < columns; at += kStep) {
      for (int64_t l = 0; l < kLanes; l++) {
        const Lane value = reduced(at + l * kLane);
        seconds[l] = lesser(seconds[l], greater(firsts[l], value));
        firsts[l] = lesser(firsts[l], value);
      }
    }
    Bid bid{kForbidden, kForbidden, -1};
    for (const auto& values : {firsts, seconds}) {
      for (int64_t k = 0; k < kStep; k++) {
        const double value = values[k / kLane][k % kLane];
        bid.second = std::min(bid.second, std::max(bid.first, value));
        bid.first = std::min(bid.first, value);
      }
    }
    if (bid.first == kForbidden) return bid;
    visitEqual(columns, bid.first, reduced, [&](int64_t column) {
      bid.column = column;
      return bid.first != bid.second || rowOf[column] < 0;
    });
    return bid;
  }

  /// Assigns a free row along a shortest augmenting path. Says whether the forbidden cells leave one.
  bool augment(int64_t row) {
    int64_t column = findPath(row);
    if (column < 0) return false;
    const std::vector<int64_t> path = pathTo(column);
    for (int64_t at : done) price[at] += finalLength[at] - finalLength[column];
    for (int64_t next : path) {
      rowOf[column] = next;
      std::swap(columnOf[next], column);
    }
    return true;
  }

  /// Dijkstra's search from a free row. Gives the nearest column without a row, or -1.
  int64_t findPath(int64_t row) {
    std::fill(length.begin(), length.end(), kForbidden);
    offer = price;
    done.clear();
    scans.assign(1, {row, 0});
    for (;;) {
      const double nearest = relax(scans.back());
      if (done.size() < scans.size() || nearest <= finalLength[done.back()]) {
        if (nearest == kForbidden) return -1;
        const int64_t end = finish(nearest);
        if (end >= 0) return end;
      }
      const int64_t column = done[scans.size() - 1], owner = rowOf[column];
      scans.push_back({owner, line(owner)[column] - price[column] - finalLength[column]});
    }
  }

  /// Takes the edges of a row. Gives the least length of what is not done.
  double relax(Scan scan) {
    const double* from = line(scan.row);
    const Lane offset = Lane{} + scan.offset;
    Lane nearest[kLanes];
    std::fill_n(nearest, kLanes, Lane{} + kForbidden);
    for (int64_t at = 0; at < columns; at += kStep) {
      for (int64_t l = 0; l < kLanes; l++) {
        const int64_t to = at + l * kLane;
        const Lane shortest = lesser(load(from + to) - load(&offer[to]) - offset, load(&length[to]));
        store(&length[to], shortest);
        nearest[l] = lesser(shortest, nearest[l]);
      }
    }
    return least(nearest);
  }

  /// All columns at the least length are done. Gives one of them that has no row, where the path ends, or -1.
  int64_t finish(double nearest) {
    int64_t end = -1;
    visitEqual(columns, nearest, [this](int64_t at) { return load(&length[at]); }, [&](int64_t column) {
      finalLength[column] = nearest;
      length[column] = kForbidden;
      offer[column] = -kForbidden;
      done.push_back(column);
      if (rowOf[column] < 0) end = column;
      return end >= 0;
    });
    return end;
  }

  /// The rows on the path to a column, backwards. Not kept while it is sought: a row leads to a column where the same sum gives the same
  /// length.
  std::vector<int64_t> pathTo(int64_t column) const {
    std::vector<int64_t> path;
    for (size_t stop = scans.size(); stop > 0;) {
      size_t at = 0;
      while (at < stop && line(scans[at].row)[column] - price[column] - scans[at].offset != finalLength[column]) at++;
      TORCH_CHECK(at < stop, "linear_assignment: the costs are too large for float64");
      path.push_back(scans[at].row);
      if (at > 0) column = done[at - 1];
      stop = at;
    }
    return path;
  }

  /// Whether all are costs.
  bool areCosts() const {
    Whole are = Whole{} - 1;
    for (int64_t at = 0; at < rows * columns; at += kLane) are &= load(cost + at) > Lane{} - kForbidden;
    return (are[0] & are[1]) != 0;
  }

  /// Leaves rows without a column where there is no full assignment.
  void solve(bool isSquare) {
    if (!areCosts()) return;
    if (isSquare) reduceColumns();
    for (int64_t row : reduceRows())
      if (!augment(row)) return;
  }
};

}  // namespace assignment

inline at::Tensor linearAssignment(const at::Tensor& cost) {
  TORCH_CHECK(cost.dim() == 2 && cost.scalar_type() == at::kDouble && cost.is_contiguous(), "linear_assignment: the costs must be contiguous float64 [rows, columns]");
  const bool isTall = cost.size(0) > cost.size(1), isSquare = cost.size(0) == cost.size(1);
  at::Tensor result = at::full({cost.size(0)}, -1, cost.options().dtype(at::kLong));
  if (cost.numel() == 0) return result;
  at::Tensor table = isTall ? cost.t() : cost;
  if (int64_t over = table.size(1) % assignment::kStep) table = at::constant_pad_nd(table, {0, assignment::kStep - over}, assignment::kForbidden);
  table = table.contiguous();
  assignment::Solver solver{table.size(0), table.size(1), table.const_data_ptr<double>()};
  solver.solve(isSquare);
  std::copy_n((isTall ? solver.rowOf : solver.columnOf).begin(), result.numel(), result.mutable_data_ptr<int64_t>());
  return result;
}

TORCH_LIBRARY_FRAGMENT(muster, library) {
  // The column of each row, -1 where it has none, of least total cost. Infinite costs are forbidden cells. Fewer than min(rows, columns)
  // rows have a column where these leave no full assignment; none has where NaN or minus infinity is among the costs.
  library.def("linear_assignment(Tensor cost) -> Tensor");
}
TORCH_LIBRARY_IMPL(muster, CPU, library) { library.impl("linear_assignment", TORCH_FN(linearAssignment)); }

}  // namespace muster
